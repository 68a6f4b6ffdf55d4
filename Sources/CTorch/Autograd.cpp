// Gradients: recording, the backward pass and the optimizer's step.
#include "Boundary.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <torch/csrc/autograd/autograd.h>

#include <optional>
#include <vector>

using namespace ctorch;

CTStatus ct_set_grad_enabled(bool enabled, bool *previous) {
    *previous = false;
    return with_exception_boundary([&] {
        *previous = at::GradMode::is_enabled();
        at::GradMode::set_enabled(enabled);
    });
}

CTStatus ct_set_requires_grad(CTTensor *tensor, bool required) {
    return with_exception_boundary([&] { unwrap(tensor, "tensor").requires_grad_(required); });
}

CTStatus ct_requires_grad(const CTTensor *tensor, bool *out) {
    *out = false;
    return with_exception_boundary([&] { *out = unwrap(tensor, "tensor").requires_grad(); });
}

CTStatus ct_backward(const CTTensor *tensor, const CTTensor *gradient) {
    return with_exception_boundary([&] {
        std::vector<at::Tensor> gradients;
        if (gradient != nullptr) {
            gradients.push_back(gradient->value);
        }
        torch::autograd::backward({unwrap(tensor, "tensor")}, gradients);
    });
}

CTStatus ct_grad(const CTTensor *tensor, CTTensor **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        const at::Tensor gradient = unwrap(tensor, "tensor").grad();
        if (gradient.defined()) {
            *out = new CTTensor{gradient};
            tensor_counts().add();
        }
    });
}

CTStatus ct_clear_grad(CTTensor *tensor) {
    return with_exception_boundary([&] { unwrap(tensor, "tensor").mutable_grad().reset(); });
}

namespace {

/// The number of the step, as libtorch's kernel reads it: one number for all parameters, on their device.
at::Tensor step_number(const at::Tensor &parameter, int64_t step, const CTTensor *skipped) {
    const at::Tensor number = at::full({}, static_cast<double>(step), parameter.options().dtype(at::kFloat));
    return skipped == nullptr ? number : number - skipped->value;
}

void check_flag(const CTTensor *flag, const at::Tensor &parameter, const char *name) {
    TORCH_CHECK(flag == nullptr || (flag->value.numel() == 1 && flag->value.scalar_type() == at::kFloat &&
                                    flag->value.device() == parameter.device()),
                name, " must be one float32 number on the parameters' device");
}

}  // namespace

CTStatus ct_adamw_step(CTTensor *const *parameters, CTTensor *const *first_moments, CTTensor *const *second_moments,
                       int32_t count, int64_t step, double learning_rate, double beta1, double beta2, double epsilon,
                       double weight_decay, const CTTensor *skip, const CTTensor *skipped) {
    return with_exception_boundary([&] {
        at::NoGradGuard no_grad;
        TORCH_CHECK(step >= 1, "steps count from 1, not ", step);
        std::vector<at::Tensor> values, gradients, firsts, seconds;
        for (int32_t i = 0; i < count; ++i) {
            const at::Tensor &value = unwrap(parameters[i], "parameters");
            TORCH_CHECK(value.grad().defined(), "parameter ", i, " of shape ", value.sizes(), " has no gradient");
            values.push_back(value);
            gradients.push_back(value.grad());
            firsts.push_back(unwrap(first_moments[i], "first_moments"));
            seconds.push_back(unwrap(second_moments[i], "second_moments"));
        }
        if (values.empty()) {
            return;
        }
        check_flag(skip, values.front(), "skip");
        check_flag(skipped, values.front(), "skipped");
        const std::vector<at::Tensor> steps(values.size(), step_number(values.front(), step, skipped));
        at::_fused_adamw_(values, gradients, firsts, seconds, {}, steps, learning_rate, beta1, beta2, weight_decay,
                          epsilon, /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/std::nullopt,
                          skip == nullptr ? std::nullopt : std::optional(skip->value));
    });
}
