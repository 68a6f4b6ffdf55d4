// Linear layers of a model that only reads, in bfloat16: weights are put into the product's own layout once.
//
// What it fuses and why it pays: oneDNN's product reorders the weight in each call otherwise; and it adds the
// bias and applies GELU while the sums are in registers, where a kernel of ours would read and write them again.
#include "../Boundary.hpp"
#include "Operator.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include <optional>

using namespace ctorch;

CTStatus ct_pack_weight(const CTTensor *weight, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &matrix = unwrap(weight, "weight");
        TORCH_CHECK(matrix.dim() == 2 && matrix.is_cpu(), "the weight must be [O, I] on the CPU, not ", matrix.sizes());
        return call("mkldnn::_reorder_linear_weight", {matrix.to(at::kBFloat16).contiguous(), c10::IValue()});
    });
}

CTStatus ct_linear_packed(const CTTensor *x, const CTTensor *weight, const CTTensor *bias, bool gelu, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &value = unwrap(x, "x"), &matrix = unwrap(weight, "weight");
        TORCH_CHECK(matrix.is_mkldnn(), "the weight must be one that ct_pack_weight made");
        TORCH_CHECK(value.scalar_type() == at::kBFloat16 && value.dim() == 2 && value.size(1) == matrix.size(1),
                    "x must be bfloat16 [T, ", matrix.size(1), "], not ", value.scalar_type(), " ", value.sizes());
        TORCH_CHECK(bias == nullptr || (bias->value.dim() == 1 && bias->value.size(0) == matrix.size(0)),
                    "the bias must be [", matrix.size(0), "]");
        const c10::IValue shift = bias == nullptr ? c10::IValue() : c10::IValue(bias->value);
        const c10::List<std::optional<at::Scalar>> none;
        return call("mkldnn::_linear_pointwise",
                    {value.contiguous(), matrix, shift, gelu ? "gelu" : "none", none, gelu ? "none" : ""});
    });
}
