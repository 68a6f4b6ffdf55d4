// ct_bias_gelu: the CPU kernel where it takes the operands, a GPU's in a pass that draws from one seed, and libtorch's
// operations elsewhere.
#include "BiasGelu.hpp"

#include "../Kernels/Generator.hpp"
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

/// A GPU's kernels, in passes that draw from one seed: all others keep their numbers.
KernelLauncher *device_bias_gelu(const at::Tensor &h, const at::Tensor &bias) {
    const bool fused = draws_from_one_seed(h.device()) && has_device_bias_gelu(h, bias);
    return fused ? kernel_launcher(h.device()) : nullptr;
}

}  // namespace

at::Tensor ctorch::bias_gelu_plain(const at::Tensor &h, const at::Tensor &bias) {
    return at::gelu(h + bias.to(h.scalar_type()));
}

CTStatus ct_bias_gelu(const CTTensor *h, const CTTensor *bias, CTTensor **out) {
    return make_tensor(out, [&] {
        const auto [value, shift] = operands(h, bias);
        if (auto *launcher = device_bias_gelu(value, shift)) return bias_gelu_on_device(*launcher, value, shift);
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
