// Dynamic loss scaling, by libtorch's kernels: gradients in float16 would vanish without it.
//
// - Source: Micikevicius et al. 2018, arXiv:1710.03740; the rule is that of `torch.amp.GradScaler`.
#include "../Runtime/Handles.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/zeros_like.h>

using namespace ctorch;

namespace {

/// A number that libtorch's kernels read without looking at its type.
const at::Tensor &number(const CTTensor *handle, const char *name, at::ScalarType type) {
    const at::Tensor &value = unwrap(handle, name);
    TORCH_CHECK(value.numel() == 1 && value.scalar_type() == type && value.layout() == at::kStrided, name,
                " must be one number of type ", type, ", not ", value.toString(), " ", value.sizes());
    return value;
}

}  // namespace

CTStatus ct_unscale_gradients(CTTensor *const *parameters, int32_t count, const CTTensor *scale) {
    return with_exception_boundary([&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &factor = number(scale, "scale", at::kFloat);
        std::vector<at::Tensor> gradients;
        for (const at::Tensor &parameter : unwrap_all(parameters, count, "parameters")) {
            if (!parameter.grad().defined()) continue;
            TORCH_CHECK(parameter.grad().device() == factor.device(), "the scale is on ", factor.device(),
                        ", but a gradient is on ", parameter.grad().device());
            gradients.push_back(parameter.grad());
        }
        if (gradients.empty()) return;
        // Exact: the scale is a power of two.
        at::Tensor found = at::zeros_like(factor);
        at::_amp_foreach_non_finite_check_and_unscale_(gradients, found, at::reciprocal(factor));
    });
}

CTStatus ct_update_scale(CTTensor *scale, CTTensor *sound_steps, const CTTensor *skipped, double growth, double backoff,
                         int64_t interval) {
    return with_exception_boundary([&] {
        const at::NoGradGuard no_grad;
        TORCH_CHECK(growth >= 1 && backoff > 0 && backoff <= 1 && interval >= 1, "a growth of ", growth,
                    ", a backoff of ", backoff, " and an interval of ", interval, " steps are no rule for a scale");
        at::Tensor factor = number(scale, "scale", at::kFloat), steps = number(sound_steps, "sound_steps", at::kInt);
        const at::Tensor &flag = number(skipped, "skipped", at::kFloat);
        TORCH_CHECK(factor.device() == steps.device() && factor.device() == flag.device(),
                    "scale, sound_steps and skipped must be on one device");
        at::_amp_update_scale_(factor, steps, flag, growth, backoff, interval);
    });
}
