// Linear layers of a model that only reads: weights are put into the product's own layout once.
//
// What it fuses and why it pays: oneDNN's product reorders the weight in each call otherwise, which takes as long as the product
// for a single question; and it adds the bias and applies GELU while the sums are in registers, where a kernel of ours would
// read and write them again.
#include "Linear.hpp"
#include "Operator.hpp"
#include "../Boundary.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include <optional>

using namespace ctorch;

bool ct_packs_weights(CTDType dtype) {
    switch (dtype) {
    case CT_BFLOAT16: return ct_cpu_has_bfloat16() && at::hasMKLDNN();
    case CT_FLOAT32: return prefers_onednn();
    default: return false;
    }
}

CTStatus ct_pack_weight(const CTTensor *weight, CTDType dtype, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &matrix = unwrap(weight, "weight");
        TORCH_CHECK(matrix.dim() == 2 && matrix.is_cpu(), "the weight must be [O, I] on the CPU, not ", matrix.sizes());
        TORCH_CHECK(dtype == CT_BFLOAT16 || dtype == CT_FLOAT32, "weights are packed in bfloat16 or float32");
        const at::ScalarType type = dtype == CT_BFLOAT16 ? at::kBFloat16 : at::kFloat;
        return call("mkldnn::_reorder_linear_weight", {matrix.to(type).contiguous(), c10::IValue()});
    });
}

CTStatus ct_linear_packed(const CTTensor *x, const CTTensor *weight, const CTTensor *bias, bool gelu, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &value = unwrap(x, "x"), &matrix = unwrap(weight, "weight");
        TORCH_CHECK(matrix.is_mkldnn(), "the weight must be one that ct_pack_weight made");
        TORCH_CHECK(value.scalar_type() == matrix.scalar_type() && value.dim() == 2 && value.size(1) == matrix.size(1),
                    "x must be ", matrix.scalar_type(), " [T, ", matrix.size(1), "], not ", value.scalar_type(), " ",
                    value.sizes());
        TORCH_CHECK(bias == nullptr || (bias->value.dim() == 1 && bias->value.size(0) == matrix.size(0)),
                    "the bias must be [", matrix.size(0), "]");
        const c10::IValue shift = bias == nullptr ? c10::IValue() : c10::IValue(bias->value);
        const c10::List<std::optional<at::Scalar>> none;
        return call("mkldnn::_linear_pointwise",
                    {value.contiguous(), matrix, shift, gelu ? "gelu" : "none", none, gelu ? "none" : ""});
    });
}
