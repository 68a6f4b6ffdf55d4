// Linear layers in 8-bit integers: weights are quantised once, with a scale for each output; activations in each call.
//
// oneDNN computes the products (`onednn::qlinear_pointwise`): it adds the bias, applies GELU and writes the result's
// type in one pass. The rounding of activations is fused here: libtorch's own goes through quantised tensors, which
// are deprecated, and another copy.
#include "../Kernels/Checks.hpp"
#include "../Kernels/Simd.hpp"
#include "../Kernels/Threads.hpp"
#include "Operator.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/round.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

using namespace ctorch;

namespace {

constexpr int64_t lanes = 16, piece = 1 << 14;

struct Range {
    float low, high;
};

/// The least and the greatest of `count` numbers; NaN where one is not finite.
struct FindRange {
    static CT_INLINE void run(const float *x, int64_t count, Range *range);
};

void FindRange::run(const float *x, int64_t count, Range *range) {
    float low[lanes], high[lanes], odd[lanes];
    for (int64_t lane = 0; lane < lanes; ++lane) {
        low[lane] = high[lane] = x[0];
        odd[lane] = 0;
    }
    const int64_t whole = count - count % lanes;
    for (int64_t i = 0; i < whole; i += lanes) {
        for (int64_t lane = 0; lane < lanes; ++lane) {
            const float value = x[i + lane];
            low[lane] = value < low[lane] ? value : low[lane];
            high[lane] = value > high[lane] ? value : high[lane];
            // Zero for finite numbers, NaN for others.
            odd[lane] += value * 0.0f;
        }
    }
    for (int64_t i = whole; i < count; ++i) {
        low[0] = std::min(low[0], x[i]);
        high[0] = std::max(high[0], x[i]);
        odd[0] += x[i] * 0.0f;
    }
    Range result{low[0] + odd[0], high[0] + odd[0]};
    for (int64_t lane = 1; lane < lanes; ++lane) {
        result.low = std::min(result.low, low[lane]) + odd[lane];
        result.high = std::max(result.high, high[lane]) + odd[lane];
    }
    *range = result;
}

/// q = round(x / scale) + zero point, within a byte.
struct RoundToBytes {
    static CT_INLINE void run(const float *x, int64_t count, float inverse, float zero_point, uint8_t *q);
};

void RoundToBytes::run(const float *x, int64_t count, float inverse, float zero_point, uint8_t *q) {
    for (int64_t i = 0; i < count; ++i) {
        float value = __builtin_rintf(x[i] * inverse) + zero_point;
        value = value < 0.0f ? 0.0f : value;
        value = value > 255.0f ? 255.0f : value;
        q[i] = static_cast<uint8_t>(static_cast<int32_t>(value));
    }
}

/// The range of all pieces.
Range range_of_all(const float *x, int64_t count) {
    const int64_t pieces = (count + piece - 1) / piece;
    std::vector<Range> parts(static_cast<size_t>(pieces));
    for_each_piece(pieces, [&] {
        return [&](int64_t number) {
            const int64_t start = number * piece;
            dispatch<FindRange>(x + start, std::min(piece, count - start), &parts[static_cast<size_t>(number)]);
        };
    });
    Range result{0, 0};
    for (const Range &part : parts) {
        TORCH_CHECK(std::isfinite(part.low) && std::isfinite(part.high), "the activations are not finite");
        // Zero must be among the numbers that a byte can say exactly, so it is in the range from the start.
        result = {std::min(result.low, part.low), std::max(result.high, part.high)};
    }
    return result;
}

/// The bytes of activations.
at::Tensor rounded_to_bytes(const at::Tensor &x, double scale, int64_t zero_point) {
    at::Tensor q = at::empty(x.sizes(), at::TensorOptions().dtype(at::kByte));
    const float *data = elements<float>(x);
    uint8_t *bytes = q.mutable_data_ptr<uint8_t>();
    const auto inverse = static_cast<float>(1 / scale), zero = static_cast<float>(zero_point);
    const int64_t count = x.numel();
    for_each_piece((count + piece - 1) / piece, [&] {
        return [&](int64_t number) {
            const int64_t start = number * piece;
            dispatch<RoundToBytes>(data + start, std::min(piece, count - start), inverse, zero, bytes + start);
        };
    });
    return q;
}

void check_cpu_matrix(const at::Tensor &x, const char *name) {
    check_matrix(x, x, name);
    TORCH_CHECK(x.is_cpu(), name, " must be on the CPU, not on ", x.device());
}

/// Scales that map the largest weight of each output to 127, [O].
at::Tensor weight_scales(const at::Tensor &weight) {
    const at::Tensor largest = std::get<0>(weight.abs().max(1));
    return at::where(largest > 0, largest / 127, at::ones_like(largest));
}

}  // namespace

bool ct_cpu_has_int8(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
}

CTStatus ct_quantize_weight(const CTTensor *weight, CTTensor **out, CTTensor **scales) {
    return make_tensors(out, scales, [&]() -> std::pair<at::Tensor, at::Tensor> {
        const at::NoGradGuard no_grad;
        check_cpu_matrix(unwrap(weight, "weight"), "the weight");
        const at::Tensor value = weight->value.to(at::kFloat);
        TORCH_CHECK(value.isfinite().all().item<bool>(), "the weight is not finite everywhere");
        const at::Tensor scale = weight_scales(value);
        const at::Tensor rounded = at::round(value / scale.unsqueeze(1)).clamp(-127, 127).to(at::kChar);
        return {call("onednn::qlinear_prepack", {rounded, c10::IValue()}), scale};
    });
}

CTStatus ct_quantize_activations(const CTTensor *x, CTTensor **out, double *scale, int64_t *zero_point) {
    *out = nullptr;
    return write_numbers([&] {
        check_cpu_matrix(unwrap(x, "x"), "x");
        const at::Tensor value = x->value.detach().to(at::kFloat).contiguous();
        TORCH_CHECK(value.numel() > 0, "there are no activations");
        const float *data = elements<float>(value);
        const Range range = range_of_all(data, value.numel());
        const double step = std::max((static_cast<double>(range.high) - range.low) / 255, 1e-30);
        const int64_t zero = std::lround(-range.low / step);
        *out = new CTTensor(rounded_to_bytes(value, step, zero));
        *scale = step;
        *zero_point = zero;
    }, scale, zero_point);
}

CTStatus ct_linear_int8(const CTTensor *x, double scale, int64_t zero_point, const CTTensor *weight,
                        const CTTensor *weight_scales, const CTTensor *bias, bool gelu, CTDType dtype,
                        CTTensor **out) {
    return make_tensor(out, [&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &bytes = unwrap(x, "x"), &packed = unwrap(weight, "weight");
        const at::Tensor &scales = unwrap(weight_scales, "weight_scales"), &shift = unwrap(bias, "bias");
        TORCH_CHECK(packed.is_mkldnn() && packed.scalar_type() == at::kChar && packed.dim() == 2,
                    "the weight must be one that ct_quantize_weight made, not ", packed.toString());
        const int64_t inputs = packed.size(0), outputs = packed.size(1);
        TORCH_CHECK(bytes.scalar_type() == at::kByte && bytes.dim() == 2 && bytes.size(1) == inputs && bytes.is_cpu(),
                    "x must be bytes [T, ", inputs, "] on the CPU, not ", bytes.toString(), " ", bytes.sizes());
        for (const auto &[name, line] : {std::pair("weight_scales", scales), {"bias", shift}}) {
            check_line(line, packed, outputs, name);
            TORCH_CHECK(line.scalar_type() == at::kFloat, name, " must be float32, not ", line.scalar_type());
        }
        TORCH_CHECK(std::isfinite(scale) && scale > 0 && zero_point >= 0 && zero_point <= 255, "a scale of ", scale,
                    " and a zero point of ", zero_point, " are not those of bytes");
        const at::ScalarType type = scalar_type(dtype);
        TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "the result can be float32 or bfloat16, not ", type);
        const c10::List<std::optional<at::Scalar>> none;
        return call("onednn::qlinear_pointwise",
                    {bytes.contiguous(), scale, zero_point, packed, scales.contiguous(),
                     at::zeros({outputs}, at::kLong), shift.contiguous(), 1.0, int64_t(0), static_cast<int64_t>(type),
                     gelu ? "gelu" : "none", none, gelu ? "none" : ""});
    });
}
