// Kernels in plain loops that the compiler vectorises, compiled once for each instruction set and chosen at run time.
//
// A kernel is a struct with a static, always-inlined function `run`. `dispatch<Kernel>(arguments...)` calls the copy
// of it that was compiled for the best instruction set of this CPU. The same source runs everywhere: on a CPU
// without AVX-512 or AVX2, and on Arm, where NEON is part of the base instruction set, the plain copy is used.
#pragma once

#include <cstdint>

#define CT_INLINE inline __attribute__((always_inline))

namespace ctorch {

enum class InstructionSet { base, avx2, avx512, avx512bf16 };

/// The best instruction set of this CPU, or what the environment variable BERTQA_CPU_CAPABILITY ("default", "avx2",
/// "avx512", "avx512bf16") lowers it to.
InstructionSet instruction_set() noexcept;

#if defined(__x86_64__)
template <class Kernel, class... Arguments>
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2"))) void run_avx512(Arguments... arguments) {
    Kernel::run(arguments...);
}

template <class Kernel, class... Arguments>
__attribute__((target("avx2,fma,bmi2"))) void run_avx2(Arguments... arguments) {
    Kernel::run(arguments...);
}
#endif

template <class Kernel, class... Arguments> void dispatch(Arguments... arguments) {
#if defined(__x86_64__)
    switch (instruction_set()) {
    case InstructionSet::avx512bf16:
    case InstructionSet::avx512: return run_avx512<Kernel, Arguments...>(arguments...);
    case InstructionSet::avx2: return run_avx2<Kernel, Arguments...>(arguments...);
    case InstructionSet::base: break;
    }
#endif
    Kernel::run(arguments...);
}

}  // namespace ctorch
