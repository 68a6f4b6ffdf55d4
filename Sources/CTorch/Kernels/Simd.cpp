#include "Simd.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ctorch {

namespace {

InstructionSet best_of_this_cpu() noexcept {
#if defined(__x86_64__)
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512) {
        return __builtin_cpu_supports("avx512bf16") ? InstructionSet::avx512bf16 : InstructionSet::avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return InstructionSet::avx2;
    }
#endif
    return InstructionSet::base;
}

InstructionSet detect() noexcept {
    const InstructionSet best = best_of_this_cpu();
    const char *wanted = std::getenv("BERTQA_CPU_CAPABILITY");
    if (wanted == nullptr) {
        return best;
    }
    // In the order of the enumeration; an unknown name changes nothing.
    const char *names[] = {"default", "avx2", "avx512", "avx512bf16"};
    for (int i = 0; i < 4; ++i) {
        if (std::strcmp(wanted, names[i]) == 0) {
            return std::min(best, static_cast<InstructionSet>(i));
        }
    }
    return best;
}

}  // namespace

InstructionSet instruction_set() noexcept {
    static const InstructionSet chosen = detect();
    return chosen;
}

}  // namespace ctorch
