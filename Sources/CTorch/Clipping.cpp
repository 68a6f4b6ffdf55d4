// Clipping and the check of a step's numbers without waiting for the device: what the host would decide on, the device
// computes, and it is read when the host gets round to it.
#include "Boundary.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <vector>

using namespace ctorch;

namespace {

/// Double where the device has it: the factor is then the one that the host would compute.
at::ScalarType wide(const at::Tensor &x) { return x.is_mps() ? at::kFloat : at::kDouble; }

/// What the gradients of that norm are multiplied by: PyTorch's rule, its 1e-6 included, and 1 for norms that are small or
/// not finite.
at::Tensor clip_factor(const at::Tensor &norm, double max_norm) {
    const at::Tensor measured = norm.to(wide(norm));
    const at::Tensor factor = (max_norm / (measured + 1e-6)).clamp_max(1.0);
    return at::where(at::isfinite(measured), factor, 1.0);
}

}  // namespace

CTStatus ct_clip_grad_norm(CTTensor *const *parameters, int32_t count, double max_norm, CTTensor **norms) {
    return make_tensor(norms, [&] {
        at::NoGradGuard no_grad;
        TORCH_CHECK(count >= 1, "there must be at least one parameter");
        std::vector<at::Tensor> gradients;
        for (int32_t i = 0; i < count; ++i) {
            const at::Tensor &parameter = unwrap(parameters[i], "parameters");
            const at::Tensor gradient = parameter.grad();
            gradients.push_back(gradient.defined() ? gradient : at::zeros({1}, parameter.options()));
        }
        const at::Tensor each = at::stack(at::_foreach_norm(gradients));
        const at::Tensor total = at::linalg_vector_norm(each);
        if (max_norm > 0) {
            at::_foreach_mul_(gradients, clip_factor(total, max_norm).to(gradients.front().scalar_type()));
        }
        return at::cat({total.unsqueeze(0), each});
    });
}

CTStatus ct_not_finite(CTTensor *const *numbers, int32_t count, CTTensor **out) {
    return make_tensor(out, [&] {
        at::NoGradGuard no_grad;
        TORCH_CHECK(count >= 1, "there must be at least one tensor to look at");
        at::Tensor sound;
        for (int32_t i = 0; i < count; ++i) {
            const at::Tensor finite = at::isfinite(unwrap(numbers[i], "numbers")).all();
            sound = sound.defined() ? sound.logical_and(finite) : finite;
        }
        return sound.logical_not().to(at::kFloat);
    });
}
