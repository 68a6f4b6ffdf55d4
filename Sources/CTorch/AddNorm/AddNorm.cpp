// ct_add_norm: the CPU kernel where it takes the inputs, a GPU's where masks are drawn from one seed, and libtorch's
// operations elsewhere.
#include "AddNorm.hpp"

#include "../Graphs/DevicePath.hpp"

using namespace ctorch;

namespace {

AddNormInputs checked_inputs(const CTTensor *x, const CTTensor *bias, const CTTensor *residual, const CTTensor *scale,
                             const CTTensor *shift) {
    const AddNormInputs inputs{unwrap(x, "x"), unwrap_optional(bias), unwrap(residual, "residual"),
                               unwrap(scale, "scale"), unwrap(shift, "shift")};
    TORCH_CHECK(inputs.x.dim() == 2 && inputs.x.sizes() == inputs.residual.sizes(),
                "x and residual must have one shape [T, H], not ", inputs.x.sizes(), " and ", inputs.residual.sizes());
    check_operand(inputs.x, inputs.x, "x");
    check_operand(inputs.residual, inputs.x, "residual");
    const int64_t width = inputs.x.size(1);
    if (inputs.bias.defined()) check_line(inputs.bias, inputs.x, width, "bias");
    check_line(inputs.scale, inputs.x, width, "scale");
    check_line(inputs.shift, inputs.x, width, "shift");
    return inputs;
}

/// Where a GPU's masks are drawn from one seed: by its kernels if it has them.
std::pair<at::Tensor, at::Tensor> drawn_add_norm(const AddNormInputs &inputs, const Draw &draw, double probability,
                                                 double epsilon, bool wants_low) {
    KernelLauncher *launcher = kernel_launcher(inputs.x.device());
    if (launcher == nullptr || !has_device_add_norm(inputs)) {
        return add_norm_drawn(inputs, draw, probability, epsilon, wants_low);
    }
    return add_norm_on_device(*launcher, inputs, draw, probability, epsilon, wants_low);
}

}  // namespace

CTStatus ct_add_norm(const CTTensor *x, const CTTensor *bias, const CTTensor *residual, const CTTensor *scale,
                     const CTTensor *shift, const CTTensor *row_starts, const CTTensor *row_keys, double probability,
                     uint64_t seed, double epsilon, CTTensor **out, CTTensor **low) {
    return make_tensors(out, low, [&] {
        const AddNormInputs inputs = checked_inputs(x, bias, residual, scale, shift);
        const at::Tensor &starts = unwrap(row_starts, "row_starts"), &keys = unwrap(row_keys, "row_keys");
        check_probability(probability);
        if (inputs.x.is_cuda() || walks_device_path()) {
            if (const auto draw = next_draw(inputs.x.device())) {
                packed_rows(starts, keys, inputs.x.size(0));
                return drawn_add_norm(inputs, *draw, probability, epsilon, low != nullptr);
            }
        }
        const auto compute = has_add_norm_kernel(inputs) ? add_norm_by_kernel : add_norm_plain;
        return compute(inputs, starts, keys, {probability, seed}, epsilon, low != nullptr);
    });
}

CTStatus ct_add_norm_plain(const CTTensor *x, const CTTensor *bias, const CTTensor *residual, const CTTensor *scale,
                           const CTTensor *shift, const CTTensor *row_starts, const CTTensor *row_keys,
                           double probability, uint64_t seed, double epsilon, CTTensor **out, CTTensor **low) {
    return make_tensors(out, low, [&] {
        const AddNormInputs inputs = checked_inputs(x, bias, residual, scale, shift);
        const at::Tensor &starts = unwrap(row_starts, "row_starts"), &keys = unwrap(row_keys, "row_keys");
        check_probability(probability);
        return add_norm_plain(inputs, starts, keys, {probability, seed}, epsilon, low != nullptr);
    });
}
