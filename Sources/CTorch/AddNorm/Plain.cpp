// ct_add_norm by libtorch's operations: what devices run, and what the kernels are tested against.
#include "../Dropout/Dropout.hpp"
#include "AddNorm.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/where.h>

namespace ctorch {

namespace {

/// The operation with dropout by `drop`.
template <class Drop>
std::pair<at::Tensor, at::Tensor> norm_of_sum(const AddNormInputs &inputs, double epsilon, bool wants_low,
                                              const Drop &drop) {
    const at::Tensor widened = inputs.x.to(inputs.residual.scalar_type());
    const at::Tensor sum = inputs.bias.defined() ? widened + inputs.bias : widened;
    const at::Tensor y =
        at::layer_norm(inputs.residual + drop(sum), inputs.scale.sizes(), inputs.scale, inputs.shift, epsilon);
    return {y, wants_low ? y.to(low_type(inputs.x)) : at::Tensor()};
}

}  // namespace

std::pair<at::Tensor, at::Tensor> add_norm_plain(const AddNormInputs &inputs, const at::Tensor &starts,
                                                 const at::Tensor &keys, Dropping dropping, double epsilon,
                                                 bool wants_low) {
    return norm_of_sum(inputs, epsilon, wants_low, [&](const at::Tensor &sum) {
        return packed_dropout(sum, starts, keys, dropping.probability, dropping.seed);
    });
}

std::pair<at::Tensor, at::Tensor> add_norm_drawn(const AddNormInputs &inputs, const Draw &draw, double probability,
                                                 double epsilon, bool wants_low) {
    return norm_of_sum(inputs, epsilon, wants_low, [&](const at::Tensor &sum) {
        if (probability == 0) return sum;
        const at::Tensor kept = drawn_elements(draw, sum.size(0), sum.size(1), probability);
        return at::where(kept, sum * static_cast<float>(1.0 / (1.0 - probability)), 0);
    });
}

}  // namespace ctorch
