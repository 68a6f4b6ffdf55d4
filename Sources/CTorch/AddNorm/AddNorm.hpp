// Layer norm of residual + dropout(x + bias), the end of each half of a BERT layer: its two implementations.
#pragma once

#include "../Runtime/Handles.hpp"

#include <utility>

namespace ctorch {

/// x and residual [T, H], the others [H]; the bias may be undefined.
struct AddNormInputs {
    at::Tensor x, bias, residual, scale, shift;
};

/// How much to drop, and the seed of the masks.
struct Dropping {
    double probability;
    uint64_t seed;
};

/// Whether the CPU kernel takes inputs of these types on this device.
bool has_add_norm_kernel(const AddNormInputs &inputs);

/// By the CPU kernel: the result, and its copy in bfloat16 if wanted.
std::pair<at::Tensor, at::Tensor> add_norm_by_kernel(const AddNormInputs &inputs, const at::Tensor &starts,
                                                     const at::Tensor &keys, Dropping dropping, double epsilon,
                                                     bool wants_low);

/// By libtorch's operations, in any type on any device: the result, and its copy in bfloat16 if wanted.
std::pair<at::Tensor, at::Tensor> add_norm_plain(const AddNormInputs &inputs, const at::Tensor &starts,
                                                 const at::Tensor &keys, Dropping dropping, double epsilon,
                                                 bool wants_low);

}  // namespace ctorch
