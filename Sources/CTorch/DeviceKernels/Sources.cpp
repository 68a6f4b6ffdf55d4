#include "Sources.hpp"

#define CT_DEVICE_SOURCE(name, ...) constexpr const char *name = #__VA_ARGS__;

namespace ctorch {

namespace {

#include "AddNorm.inc"
#include "Bfloat16.inc"
#include "BiasGelu.inc"
#include "ElementBfloat16.inc"
#include "ElementFloat16.inc"
#include "ElementFloat32.inc"
#include "Random.inc"
#include "Sums.inc"

/// What a GPU defines of what the code uses. float16 is converted by single instructions that every GPU has.
constexpr const char *device_prelude = R"(
#define CT_KERNEL extern "C" __global__
#define CT_DEVICE __device__ __forceinline__
#define CT_DYNAMIC_SHARED(name) extern __shared__ float name[]
CT_DEVICE unsigned bits_of_float(float x) { return __float_as_uint(x); }
CT_DEVICE float float_of_bits(unsigned x) { return __uint_as_float(x); }
CT_DEVICE float from_float16(unsigned short x) {
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x));
    return result;
}
CT_DEVICE unsigned short to_float16(float x) {
    unsigned short result;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result) : "f"(x));
    return result;
}
)";

const char *element_source(Element element) {
    switch (element) {
    case Element::float32: return float32_element_source;
    case Element::bfloat16: return bfloat16_element_source;
    case Element::float16: return float16_element_source;
    }
    TORCH_CHECK(false, "unknown element type ", static_cast<int>(element));
}

}  // namespace

std::string device_program(Element element) {
    std::string text = device_prelude;
    for (const char *part : {random_source, sums_source, bfloat16_source, element_source(element), add_norm_source,
                             bias_gelu_source}) {
        text.append(part).push_back('\n');
    }
    return text;
}

}  // namespace ctorch
