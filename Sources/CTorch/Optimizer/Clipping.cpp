// Gradient clipping that never waits for the device: the device computes the norm and the factor, and the host reads
// the norm later, or leaves the factor to the optimizer.
#include "../Runtime/Handles.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <memory>
#include <vector>

using namespace ctorch;

namespace {

/// Double where the device has it: the factor is then the one that the host would compute.
at::ScalarType wide(const at::Tensor &x) { return x.is_mps() ? at::kFloat : at::kDouble; }

/// The factor for gradients with that joint norm: PyTorch's rule, including its 1e-6; 1 for norms that are small or not
/// finite.
at::Tensor clip_factor(const at::Tensor &norm, double max_norm) {
    const at::Tensor measured = norm.to(wide(norm));
    const at::Tensor factor = (max_norm / (measured + 1e-6)).clamp_max(1.0);
    // A number of the host's would be copied to the device, which a recorded graph cannot do.
    return at::where(at::isfinite(measured), factor, at::ones_like(factor));
}

/// The gradients of parameters; one number, zero, for a parameter without.
std::vector<at::Tensor> gradients_of(CTTensor *const *parameters, int32_t count) {
    TORCH_CHECK(count >= 1, "there must be at least one parameter");
    std::vector<at::Tensor> gradients;
    for (const at::Tensor &parameter : unwrap_all(parameters, count, "parameters")) {
        const at::Tensor gradient = parameter.grad();
        gradients.push_back(gradient.defined() ? gradient : at::zeros({1}, parameter.options()));
    }
    return gradients;
}

}  // namespace

CTStatus ct_clip_grad_norm(CTTensor *const *parameters, int32_t count, double max_norm, CTTensor **norms) {
    return make_tensor(norms, [&] {
        at::NoGradGuard no_grad;
        const std::vector<at::Tensor> gradients = gradients_of(parameters, count);
        const at::Tensor each = at::stack(at::_foreach_norm(gradients));
        const at::Tensor total = at::linalg_vector_norm(each);
        if (max_norm > 0) {
            at::_foreach_mul_(gradients, clip_factor(total, max_norm).to(gradients.front().scalar_type()));
        }
        return at::cat({total.unsqueeze(0), each});
    });
}

CTStatus ct_measure_gradients(CTTensor *const *parameters, int32_t count, double max_norm, const CTTensor *scale,
                              CTTensor **norms, CTTensor **divisor) {
    *norms = *divisor = nullptr;
    return with_exception_boundary([&] {
        at::NoGradGuard no_grad;
        const std::vector<at::Tensor> gradients = gradients_of(parameters, count);
        at::Tensor each = at::stack(at::_foreach_norm(gradients));
        // Exact: the scale is a power of two.
        if (scale != nullptr) {
            const at::Tensor &factor = scale->value;
            TORCH_CHECK(factor.numel() == 1 && factor.scalar_type() == at::kFloat && factor.device() == each.device(),
                        "the scale must be one float32 number on ", each.device(), ", not ", factor.toString(), " ",
                        factor.sizes());
            each = each / factor;
        }
        const at::Tensor total = at::linalg_vector_norm(each);
        at::Tensor by = max_norm > 0 ? clip_factor(total, max_norm).reciprocal() : at::ones_like(total);
        if (scale != nullptr) by = by * scale->value;
        auto result = std::make_unique<CTTensor>(at::cat({total.unsqueeze(0), each}));
        *divisor = new CTTensor(by.to(at::kFloat));
        *norms = result.release();
    });
}
