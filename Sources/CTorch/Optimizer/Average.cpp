// The running mean of tensors along training.
#include "../Runtime/Handles.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_lerp.h>

#include <vector>

using namespace ctorch;

CTStatus ct_average(CTTensor *const *averages, CTTensor *const *values, int32_t count, double weight) {
    return with_exception_boundary([&] {
        at::NoGradGuard no_grad;
        TORCH_CHECK(weight >= 0 && weight <= 1, "the weight of an average must be from 0 to 1, not ", weight);
        std::vector<at::Tensor> means = unwrap_all(averages, count, "averages");
        const std::vector<at::Tensor> others = unwrap_all(values, count, "values");
        for (size_t i = 0; i < means.size(); ++i) {
            TORCH_CHECK(means[i].sizes() == others[i].sizes() && means[i].scalar_type() == others[i].scalar_type() &&
                            means[i].device() == others[i].device(),
                        "average ", i, " must be a ", others[i].toString(), " ", others[i].sizes(), ", not ",
                        means[i].toString(), " ", means[i].sizes());
        }
        if (!means.empty()) at::_foreach_lerp_(means, others, weight);
    });
}
