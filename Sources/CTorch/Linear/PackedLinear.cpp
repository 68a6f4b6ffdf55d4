// Linear layers of a model that only reads, in bfloat16: weights are put into the product's own layout once.
//
// What it fuses and why it pays: without the layout oneDNN reorders the weight in each call. Its product adds the
// bias and applies GELU while the sums are in registers, where a kernel of ours would read and write them again.
#include "../Kernels/Checks.hpp"
#include "Operator.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include <optional>

using namespace ctorch;

CTStatus ct_pack_weight(const CTTensor *weight, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &matrix = unwrap(weight, "weight");
        check_matrix(matrix, matrix, "the weight");
        TORCH_CHECK(matrix.is_cpu(), "the weight must be on the CPU, not on ", matrix.device());
        return call("mkldnn::_reorder_linear_weight", {matrix.to(at::kBFloat16).contiguous(), c10::IValue()});
    });
}

CTStatus ct_linear_packed(const CTTensor *x, const CTTensor *weight, const CTTensor *bias, bool gelu, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &value = unwrap(x, "x"), &matrix = unwrap(weight, "weight");
        TORCH_CHECK(matrix.is_mkldnn() && matrix.scalar_type() == at::kBFloat16,
                    "the weight must be one that ct_pack_weight made, not ", matrix.toString());
        check_matrix(value, matrix, "x");
        TORCH_CHECK(value.scalar_type() == at::kBFloat16 && value.size(1) == matrix.size(1), "x must be bfloat16 [T, ",
                    matrix.size(1), "], not ", value.scalar_type(), " ", value.sizes());
        c10::IValue shift;
        if (bias != nullptr) {
            check_line(bias->value, value, matrix.size(0), "bias");
            TORCH_CHECK(bias->value.scalar_type() == at::kFloat, "bias must be float32, not ",
                        bias->value.scalar_type());
            shift = bias->value.contiguous();
        }
        const c10::List<std::optional<at::Scalar>> none;
        return call("mkldnn::_linear_pointwise",
                    {value.contiguous(), matrix, shift, gelu ? "gelu" : "none", none, gelu ? "none" : ""});
    });
}
