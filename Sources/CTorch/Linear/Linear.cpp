// The linear layer x Wᵀ + b with float32 parameters, whose products run in float32 or in bfloat16.
//
// It fuses nothing but the sum of the bias's gradient. Libraries compute the products: in bfloat16 the one that
// libtorch chooses; in float32 oneDNN on AMD's CPUs, where MKL, libtorch's choice, does not go beyond AVX2.
#include "../Kernels/Checks.hpp"
#include "../Kernels/Vector.hpp"
#include "Operator.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mkldnn_linear_backward_input.h>
#include <ATen/ops/mkldnn_linear_backward_weights.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctorch {

namespace {

/// Whether oneDNN multiplies float32 faster than what libtorch would choose.
bool prefers_onednn(const at::Tensor &x) {
#if defined(__x86_64__)
    static const bool is_amd = __builtin_cpu_is("amd") != 0 && __builtin_cpu_supports("avx512f") != 0;
    return is_amd && x.is_cpu() && x.scalar_type() == at::kFloat && x.numel() > 0 && at::hasMKLDNN() &&
           at::globalContext().userEnabledMkldnn() && !walks_device_path();
#else
    return false;
#endif
}

/// x Wᵀ + b; the bias may be undefined.
at::Tensor product(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias) {
    if (!prefers_onednn(x)) {
        return bias.defined() ? at::addmm(bias, x, weight.t()) : at::mm(x, weight.t());
    }
    const c10::List<std::optional<at::Scalar>> none;
    return call("mkldnn::_linear_pointwise",
                {x, weight, bias.defined() ? c10::IValue(bias) : c10::IValue(), "none", none, ""});
}

struct SumLines {
    template <class T>
    static CT_INLINE void run(const T *__restrict x, float *__restrict sums, int64_t lines, int64_t width) {
        for (int64_t line = 0; line < lines; ++line) {
            for (int64_t j = 0; j < width; ++j) {
                sums[j] += static_cast<float>(x[line * width + j]);
            }
        }
    }
};

/// The sums of the columns of x, in `type`.
at::Tensor column_sums(const at::Tensor &x, at::ScalarType type) {
    if (!has_kernel(x)) {
        return at::sum(x, 0, /*keepdim=*/false, type);
    }
    at::Tensor sums;
    const int64_t width = x.size(1);
    with_element_of(x, [&](auto element) {
        using T = decltype(element);
        const T *data = elements<T>(x);
        sums = sum_over_stripes(x.size(0), width, [&](int64_t first, int64_t last, float *part) {
            dispatch<SumLines>(data + first * width, part, last - first, width);
        });
    });
    return sums.to(type);
}

/// The gradients of x and of the weight, the latter in `type` where that costs no pass of its own.
std::pair<at::Tensor, at::Tensor> product_gradients(const at::Tensor &gradient, const at::Tensor &x,
                                                    const at::Tensor &weight, at::ScalarType type) {
    const bool is_low = gradient.scalar_type() == at::kBFloat16 || gradient.scalar_type() == at::kHalf;
    if (gradient.is_cuda() && is_low && type == at::kFloat) {
        return {at::mm(gradient, weight), at::mm(gradient.t(), x, type)};
    }
    if (!prefers_onednn(gradient)) {
        return {at::mm(gradient, weight), at::mm(gradient.t(), x)};
    }
    const at::Tensor wrapped = gradient.to_mkldnn();
    const at::Tensor dx = at::mkldnn_linear_backward_input(x.sizes(), wrapped, weight);
    const auto [dweight, unused] = at::mkldnn_linear_backward_weights(wrapped, x.to_mkldnn(), weight, false);
    return {dx.to_dense(), dweight.to_dense()};
}

class Linear : public torch::autograd::Function<Linear> {
  public:
    /// `low` is the weight in the type of x, where the caller has it.
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                              const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                              const std::optional<at::Tensor> &low) {
        const at::Tensor rounded = low ? *low : weight.to(x.scalar_type());
        context->save_for_backward({x, rounded});
        context->saved_data["bias"] = bias.has_value();
        context->saved_data["type"] = weight.scalar_type();
        return product(x, rounded, bias ? bias->to(x.scalar_type()) : at::Tensor());
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor gradient = gradients[0].contiguous();
        const auto type = context->saved_data["type"].toScalarType();
        const auto [dx, dweight] = product_gradients(gradient, saved[0], saved[1], type);
        at::Tensor dbias;
        if (context->saved_data["bias"].toBool()) {
            dbias = column_sums(gradient, type);
        }
        return {dx, dweight.to(type), dbias, at::Tensor()};
    }
};

}  // namespace

}  // namespace ctorch

using namespace ctorch;

CTStatus ct_linear(const CTTensor *x, const CTTensor *weight, const CTTensor *bias, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &value = unwrap(x, "x");
        check_matrix(value, value, "x");
        check_matrix(unwrap(weight, "weight"), value, "weight");
        // oneDNN reads a bias with gaps as if it had none.
        const at::Tensor matrix = weight->value.contiguous();
        const at::Tensor shift = bias == nullptr ? at::Tensor() : bias->value.contiguous();
        TORCH_CHECK(value.size(1) == matrix.size(1), "x and weight must be [T, I] and [O, I], not ", value.sizes(),
                    " and ", matrix.sizes());
        if (shift.defined()) check_line(shift, value, matrix.size(0), "bias");
        if (!at::GradMode::is_enabled()) {
            return product(value.contiguous(), matrix.to(value.scalar_type()),
                           shift.defined() ? shift.to(value.scalar_type()) : shift);
        }
        return Linear::apply(value.contiguous(), matrix, shift.defined() ? std::optional(shift) : std::nullopt,
                             std::optional<at::Tensor>());
    });
}

CTStatus ct_linear_rounded(const CTTensor *x, const CTTensor *weight, const CTTensor *rounded, const CTTensor *bias,
                           CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &value = unwrap(x, "x"), &matrix = unwrap(weight, "weight"), &low = unwrap(rounded, "rounded");
        check_matrix(value, value, "x");
        check_matrix(matrix, value, "weight");
        check_matrix(low, value, "rounded");
        TORCH_CHECK(value.size(1) == matrix.size(1) && low.sizes() == matrix.sizes() &&
                        low.scalar_type() == value.scalar_type(),
                    "x, weight and rounded must be [T, I], [O, I] and in the type of x [O, I], not ", value.sizes(),
                    ", ", matrix.sizes(), " and ", low.toString(), " ", low.sizes());
        const at::Tensor shift = unwrap_optional(bias);
        if (shift.defined()) check_line(shift, value, matrix.size(0), "bias");
        return Linear::apply(value.contiguous(), matrix.contiguous(),
                             shift.defined() ? std::optional(shift.contiguous()) : std::nullopt,
                             std::optional(low.contiguous()));
    });
}
