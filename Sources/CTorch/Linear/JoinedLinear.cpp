// Linear layers that read the same states, as one product: on a GPU a large one takes less time than several small
// ones, and its gradients too. Their weights were rounded before, for all layers at once.
#include "../Kernels/Checks.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

namespace ctorch {

namespace {

using torch::autograd::variable_list;

/// The outputs of each layer.
std::vector<int64_t> widths(at::TensorList weights) {
    std::vector<int64_t> result;
    for (const at::Tensor &weight : weights) result.push_back(weight.size(0));
    return result;
}

class JoinedLinear : public torch::autograd::Function<JoinedLinear> {
  public:
    /// `parameters` are the weights, then the biases.
    static variable_list forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                                 const at::Tensor &rounded, at::TensorList parameters) {
        const size_t count = parameters.size() / 2;
        const at::TensorList weights = parameters.slice(0, count), biases = parameters.slice(count);
        context->save_for_backward({x, rounded});
        context->saved_data["widths"] = widths(weights);
        context->saved_data["type"] = weights.front().scalar_type();
        const at::Tensor all = at::addmm(at::cat(biases).to(x.scalar_type()), x, rounded.t());
        variable_list results;
        int64_t start = 0;
        for (const at::Tensor &weight : weights) {
            results.push_back(all.narrow(1, start, weight.size(0)));
            start += weight.size(0);
        }
        return results;
    }

    static variable_list backward(torch::autograd::AutogradContext *context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const std::vector<int64_t> widths = context->saved_data["widths"].toIntVector();
        const auto type = context->saved_data["type"].toScalarType();
        const at::Tensor gradient = at::cat(gradients, 1);
        const at::Tensor dx = at::mm(gradient, saved[1]);
        // On CUDA the product writes the parameters' type itself.
        const bool widens = gradient.is_cuda() && gradient.scalar_type() != type && type == at::kFloat;
        const at::Tensor dweight =
            widens ? at::mm(gradient.t(), saved[0], type) : at::mm(gradient.t(), saved[0]).to(type);
        const at::Tensor dbias = at::sum(gradient, 0, /*keepdim=*/false, type);
        variable_list results{dx, at::Tensor()};
        for (const at::Tensor &whole : {dweight, dbias}) {
            int64_t start = 0;
            for (const int64_t width : widths) {
                results.push_back(whole.narrow(0, start, width));
                start += width;
            }
        }
        return results;
    }
};

}  // namespace

}  // namespace ctorch

using namespace ctorch;

CTStatus ct_linear_joined(const CTTensor *x, CTTensor *const *weights, CTTensor *const *biases, int32_t count,
                          const CTTensor *rounded, CTTensor **outs) {
    for (int32_t i = 0; outs != nullptr && i < count; ++i) outs[i] = nullptr;
    return with_exception_boundary([&] {
        TORCH_CHECK(count >= 1 && outs != nullptr, "there must be at least one layer, and room for its result");
        const at::Tensor &value = unwrap(x, "x"), &low = unwrap(rounded, "rounded");
        check_matrix(value, value, "x");
        check_matrix(low, value, "rounded");
        variable_list parameters = unwrap_all(weights, count, "weights");
        int64_t outputs = 0;
        for (const at::Tensor &weight : parameters) {
            check_matrix(weight, value, "weight");
            TORCH_CHECK(weight.size(1) == value.size(1), "x and weight must be [T, I] and [O, I], not ", value.sizes(),
                        " and ", weight.sizes());
            outputs += weight.size(0);
        }
        TORCH_CHECK(low.size(0) == outputs && low.size(1) == value.size(1) && low.scalar_type() == value.scalar_type(),
                    "the rounded weights must be ", value.scalar_type(), " [", outputs, ", ", value.size(1), "], not ",
                    low.toString(), " ", low.sizes());
        const variable_list shifts = unwrap_all(biases, count, "biases");
        for (size_t i = 0; i < shifts.size(); ++i) check_line(shifts[i], value, parameters[i].size(0), "bias");
        parameters.insert(parameters.end(), shifts.begin(), shifts.end());
        const variable_list results = JoinedLinear::apply(value.contiguous(), low, at::TensorList(parameters));
        std::vector<std::unique_ptr<CTTensor>> owners;
        for (const at::Tensor &result : results) owners.push_back(std::make_unique<CTTensor>(result));
        for (size_t i = 0; i < owners.size(); ++i) outs[i] = owners[i].release();
    });
}

CTStatus ct_assign_all(CTTensor *const *targets, CTTensor *const *sources, int32_t count) {
    return with_exception_boundary([&] {
        const at::NoGradGuard no_grad;
        std::vector<at::Tensor> to = unwrap_all(targets, count, "targets");
        const std::vector<at::Tensor> from = unwrap_all(sources, count, "sources");
        for (size_t i = 0; i < to.size(); ++i) {
            TORCH_CHECK(to[i].sizes() == from[i].sizes() && to[i].device() == from[i].device(), "cannot assign a ",
                        from[i].toString(), " ", from[i].sizes(), " to a ", to[i].toString(), " ", to[i].sizes());
        }
        if (!to.empty()) at::_foreach_copy_(to, from);
    });
}
