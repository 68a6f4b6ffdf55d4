#include "Simd.hpp"

#include <cstdlib>
#include <cstring>

namespace ctorch {

namespace {

InstructionSet detect() noexcept {
    InstructionSet best = InstructionSet::base;
#if defined(__x86_64__)
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    best = avx512 ? InstructionSet::avx512 : avx2 ? InstructionSet::avx2 : InstructionSet::base;
#endif
    const char *wanted = std::getenv("BERTQA_CPU_CAPABILITY");
    if (wanted != nullptr && std::strcmp(wanted, "default") == 0) {
        best = InstructionSet::base;
    } else if (wanted != nullptr && std::strcmp(wanted, "avx2") == 0 && best == InstructionSet::avx512) {
        best = InstructionSet::avx2;
    }
    return best;
}

}  // namespace

InstructionSet instruction_set() noexcept {
    static const InstructionSet chosen = detect();
    return chosen;
}

}  // namespace ctorch
