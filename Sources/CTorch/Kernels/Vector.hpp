// What the elementwise kernels compute with: plain expressions that the compiler vectorises.
#pragma once

#include "../Graphs/DevicePath.hpp"
#include "../Runtime/Handles.hpp"
#include "Simd.hpp"
#include "Threads.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ctorch {

/// e^x for x <= 0, to 2 units in the last place. Below -87, where float32 has no normal numbers left, e^-87.
CT_INLINE float exp_of_nonpositive(float x) {
    x = x > -87.0f ? x : -87.0f;
    // x = n ln 2 + t with |t| <= ln 2 / 2. Truncation is rounding here, for its operand is negative.
    const auto n = static_cast<int32_t>(x * 1.44269504f - 0.5f);
    const auto whole = static_cast<float>(n);
    const float t = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
    float power = 1.0f / 5040;
    power = power * t + 1.0f / 720;
    power = power * t + 1.0f / 120;
    power = power * t + 1.0f / 24;
    power = power * t + 1.0f / 6;
    power = power * t + 0.5f;
    power = power * t + 1.0f;
    power = power * t + 1.0f;
    const uint32_t exponent = static_cast<uint32_t>(n + 127) << 23;
    float scale;
    std::memcpy(&scale, &exponent, sizeof scale);
    return power * scale;
}

/// Tokens whose sums one piece of work adds up. The sums of a batch add those of its stripes in order, so that they do
/// not depend on the number of threads.
constexpr int64_t stripe = 32;

/// Runs `body(first, last, sums)` for every stripe of tokens, `sums` being `width` zeros to add to; the total, [width].
template <class Body> at::Tensor sum_over_stripes(int64_t tokens, int64_t width, const Body &body) {
    const int64_t stripes = (tokens + stripe - 1) / stripe;
    const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat);
    at::Tensor parts = at::empty({stripes, width}, options), total = at::empty({width}, options);
    float *part = parts.mutable_data_ptr<float>(), *sum = total.mutable_data_ptr<float>();
    for_each_piece(stripes, [&] {
        return [&](int64_t number) {
            float *mine = part + number * width;
            std::fill_n(mine, width, 0.0f);
            body(number * stripe, std::min(tokens, (number + 1) * stripe), mine);
        };
    });
    std::fill_n(sum, width, 0.0f);
    for (int64_t number = 0; number < stripes; ++number) {
        for (int64_t j = 0; j < width; ++j) {
            sum[j] += part[number * width + j];
        }
    }
    return total;
}

/// Runs `body(first, last)` for every stripe of tokens.
template <class Body> void for_each_stripe(int64_t tokens, const Body &body) {
    for_each_piece((tokens + stripe - 1) / stripe, [&] {
        return [&](int64_t number) { body(number * stripe, std::min(tokens, (number + 1) * stripe)); };
    });
}

/// Whether a kernel for float32 and bfloat16 on the CPU can read `x`, or a contiguous copy of it.
inline bool has_kernel(const at::Tensor &x) {
    return x.is_cpu() && x.layout() == at::kStrided &&
           (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && !walks_device_path();
}

/// Calls `body` with a value of the element type of `x`, float or bfloat16.
template <class Body> void with_element_of(const at::Tensor &x, const Body &body) {
    if (x.scalar_type() == at::kBFloat16) {
        body(c10::BFloat16());
    } else {
        body(float());
    }
}

}  // namespace ctorch
