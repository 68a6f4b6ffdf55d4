// One step of AdamW, by libtorch's fused kernel.
#include "../Runtime/Handles.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>

#include <optional>
#include <vector>

using namespace ctorch;

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

std::optional<at::Tensor> optional(const CTTensor *tensor) {
    return tensor == nullptr ? std::nullopt : std::optional(tensor->value);
}

/// The kernel walks through all four arrays by one index and checks nothing.
void check_layout(const at::Tensor &x, const at::Tensor &parameter, const char *name, size_t number) {
    TORCH_CHECK(x.sizes() == parameter.sizes() && x.scalar_type() == parameter.scalar_type() &&
                    x.device() == parameter.device() && x.layout() == at::kStrided && x.is_contiguous(),
                "the ", name, " of parameter ", number, " must be a contiguous ", parameter.toString(), " ",
                parameter.sizes(), ", not ", x.toString(), " ", x.sizes(), " with strides ", x.strides());
}

/// What a step works on, checked.
struct Operands {
    std::vector<at::Tensor> values, gradients, firsts, seconds;
};

Operands operands(CTTensor *const *parameters, CTTensor *const *first_moments, CTTensor *const *second_moments,
                  int32_t count) {
    Operands x{unwrap_all(parameters, count, "parameters"), {}, unwrap_all(first_moments, count, "first_moments"),
               unwrap_all(second_moments, count, "second_moments")};
    for (size_t i = 0; i < x.values.size(); ++i) {
        const at::Tensor &value = x.values[i];
        TORCH_CHECK(value.grad().defined(), "parameter ", i, " of shape ", value.sizes(), " has no gradient");
        TORCH_CHECK(value.is_floating_point() && value.device() == x.values.front().device(), "parameter ", i,
                    " must hold floating-point numbers on ", x.values.front().device(), ", not ", value.toString());
        check_layout(value, value, "storage", i);
        check_layout(x.firsts[i], value, "first moment", i);
        check_layout(x.seconds[i], value, "second moment", i);
        x.gradients.push_back(value.grad().contiguous());
        check_layout(x.gradients[i], value, "gradient", i);
    }
    return x;
}

}  // namespace

CTStatus ct_adamw_step(CTTensor *const *parameters, CTTensor *const *first_moments, CTTensor *const *second_moments,
                       int32_t count, int64_t step, double learning_rate, double beta1, double beta2, double epsilon,
                       double weight_decay, const CTTensor *skip, const CTTensor *skipped) {
    return with_exception_boundary([&] {
        at::NoGradGuard no_grad;
        TORCH_CHECK(step >= 1, "steps count from 1, not ", step);
        Operands x = operands(parameters, first_moments, second_moments, count);
        if (x.values.empty()) return;
        check_flag(skip, x.values.front(), "skip");
        check_flag(skipped, x.values.front(), "skipped");
        const std::vector<at::Tensor> steps(x.values.size(), step_number(x.values.front(), step, skipped));
        at::_fused_adamw_(x.values, x.gradients, x.firsts, x.seconds, {}, steps, learning_rate, beta1, beta2,
                          weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/std::nullopt,
                          optional(skip));
    });
}

CTStatus ct_adamw_step_by_tensors(CTTensor *const *parameters, CTTensor *const *first_moments,
                                  CTTensor *const *second_moments, int32_t count, const CTTensor *learning_rate,
                                  const CTTensor *step, double beta1, double beta2, double epsilon, double weight_decay,
                                  const CTTensor *divisor, const CTTensor *skip, const CTTensor *skipped) {
    return with_exception_boundary([&] {
        at::NoGradGuard no_grad;
        Operands x = operands(parameters, first_moments, second_moments, count);
        const at::Tensor &rate = unwrap(learning_rate, "learning_rate"), &number = unwrap(step, "step");
        const at::Tensor &flag = unwrap(skip, "skip"), &count_skipped = unwrap(skipped, "skipped");
        if (x.values.empty()) return;
        check_flag(learning_rate, x.values.front(), "learning_rate");
        check_flag(step, x.values.front(), "step");
        check_flag(divisor, x.values.front(), "divisor");
        check_flag(skip, x.values.front(), "skip");
        check_flag(skipped, x.values.front(), "skipped");
        const std::vector<at::Tensor> steps(x.values.size(), number - count_skipped);
        at::_fused_adamw_(x.values, x.gradients, x.firsts, x.seconds, {}, steps, rate, beta1, beta2, weight_decay,
                          epsilon, /*amsgrad=*/false, /*maximize=*/false, optional(divisor), flag);
    });
}
