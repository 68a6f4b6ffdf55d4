// ct_add_norm by libtorch's operations: what devices run, and what the kernel is tested against.
#include "../Dropout/Dropout.hpp"
#include "AddNorm.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/layer_norm.h>

namespace ctorch {

std::pair<at::Tensor, at::Tensor> add_norm_plain(const AddNormInputs &inputs, const at::Tensor &starts,
                                                 const at::Tensor &keys, Dropping dropping, double epsilon,
                                                 bool wants_low) {
    const at::Tensor widened = inputs.x.to(inputs.residual.scalar_type());
    const at::Tensor sum = inputs.bias.defined() ? widened + inputs.bias : widened;
    const at::Tensor dropped = packed_dropout(sum, starts, keys, dropping.probability, dropping.seed);
    const at::Tensor y =
        at::layer_norm(inputs.residual + dropped, inputs.scale.sizes(), inputs.scale, inputs.shift, epsilon);
    return {y, wants_low ? y.to(at::kBFloat16) : at::Tensor()};
}

}  // namespace ctorch
