// Layer norm of residual + dropout(x + bias), the end of each half of a BERT layer: its implementations.
#pragma once

#include "../DeviceKernels/Launcher.hpp"
#include "../Kernels/Generator.hpp"

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

/// The type of the result's copy in 16 bits.
inline at::ScalarType low_type(const at::Tensor &x) {
    return x.scalar_type() == at::kHalf ? at::kHalf : at::kBFloat16;
}

/// Whether the CPU kernel takes inputs of these types on this device.
bool has_add_norm_kernel(const AddNormInputs &inputs);

/// By the CPU kernel: the result, and its copy in bfloat16 if wanted.
std::pair<at::Tensor, at::Tensor> add_norm_by_kernel(const AddNormInputs &inputs, const at::Tensor &starts,
                                                     const at::Tensor &keys, Dropping dropping, double epsilon,
                                                     bool wants_low);

/// By libtorch's operations, in any type on any device: the result, and its copy in 16 bits if wanted.
std::pair<at::Tensor, at::Tensor> add_norm_plain(const AddNormInputs &inputs, const at::Tensor &starts,
                                                 const at::Tensor &keys, Dropping dropping, double epsilon,
                                                 bool wants_low);

/// The same with masks from counters.
std::pair<at::Tensor, at::Tensor> add_norm_drawn(const AddNormInputs &inputs, const Draw &draw, double probability,
                                                 double epsilon, bool wants_low);

/// Whether a GPU's kernels take inputs of these types.
bool has_device_add_norm(const AddNormInputs &inputs);

/// By a GPU's kernels, with the masks of `add_norm_drawn`.
std::pair<at::Tensor, at::Tensor> add_norm_on_device(KernelLauncher &launcher, const AddNormInputs &inputs,
                                                     const Draw &draw, double probability, double epsilon,
                                                     bool wants_low);

}  // namespace ctorch
