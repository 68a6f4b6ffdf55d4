// Kernel.inc, compiled for each instruction set, and the choice between them.
#include "../Kernels/Random.hpp"
#include "../Kernels/Simd.hpp"
#include "Kernel.hpp"

#include <c10/util/BFloat16.h>

#include <cmath>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ctorch {

#if defined(__x86_64__)
// The attribute reaches every function and template defined below it; the headers are above it on purpose.
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,bmi2"))), apply_to = function)
namespace avx512bf16 {
#define CT_LANES 16
#define CT_REGISTERS 32
#define CT_BF16_DOT
#include "Kernel.inc"
#undef CT_BF16_DOT
}  // namespace avx512bf16
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2"))),             \
                             apply_to = function)
namespace avx512 {
#define CT_LANES 16
#define CT_REGISTERS 32
#include "Kernel.inc"
}  // namespace avx512
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2"))), apply_to = function)
namespace avx2 {
#define CT_LANES 8
#define CT_REGISTERS 16
#include "Kernel.inc"
}  // namespace avx2
#pragma clang attribute pop
#endif

namespace base {
#define CT_LANES 4
#if defined(__aarch64__)
#define CT_REGISTERS 32
#else
#define CT_REGISTERS 16
#endif
#include "Kernel.inc"
}  // namespace base

const AttentionKernel &attention_kernel(at::ScalarType type, int64_t size) {
    const bool is_float = type == at::kFloat;
#if defined(__x86_64__)
    switch (instruction_set()) {
    case InstructionSet::avx512bf16:
        // Two numbers make a unit: an odd head size falls to the float32 products below.
        if (is_float || size % 2 != 0) {
            return is_float ? avx512::float_kernel : avx512::bfloat16_kernel;
        }
        return avx512bf16::bfloat16_dot_kernel;
    case InstructionSet::avx512: return is_float ? avx512::float_kernel : avx512::bfloat16_kernel;
    case InstructionSet::avx2: return is_float ? avx2::float_kernel : avx2::bfloat16_kernel;
    case InstructionSet::base: break;
    }
#endif
    return is_float ? base::float_kernel : base::bfloat16_kernel;
}

}  // namespace ctorch
