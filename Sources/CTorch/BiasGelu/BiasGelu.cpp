// ct_bias_gelu: the CPU kernel where it takes the operands, libtorch's operations elsewhere.
#include "BiasGelu.hpp"

#include "../Kernels/Checks.hpp"
#include "../Kernels/Vector.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>

#include <utility>

using namespace ctorch;

namespace {

/// h and the bias, checked.
std::pair<at::Tensor, at::Tensor> operands(const CTTensor *h, const CTTensor *bias) {
    const at::Tensor &value = unwrap(h, "h"), &shift = unwrap(bias, "bias");
    check_matrix(value, value, "h");
    check_line(shift, value, value.size(1), "bias");
    return {value, shift};
}

at::Tensor bias_gelu_plain(const at::Tensor &h, const at::Tensor &bias) {
    return at::gelu(h + bias.to(h.scalar_type()));
}

}  // namespace

CTStatus ct_bias_gelu(const CTTensor *h, const CTTensor *bias, CTTensor **out) {
    return make_tensor(out, [&] {
        const auto [value, shift] = operands(h, bias);
        const bool takes = has_kernel(value) && shift.scalar_type() == at::kFloat;
        return takes ? bias_gelu_by_kernel(value, shift) : bias_gelu_plain(value, shift);
    });
}

CTStatus ct_bias_gelu_plain(const CTTensor *h, const CTTensor *bias, CTTensor **out) {
    return make_tensor(out, [&] {
        const auto [value, shift] = operands(h, bias);
        return bias_gelu_plain(value, shift);
    });
}
