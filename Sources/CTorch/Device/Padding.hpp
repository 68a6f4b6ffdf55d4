// Packed rows, padded to the longest on a device.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// Where each token stands when all rows are padded to the length of the longest: int64 [T], on the CPU.
at::Tensor padded_places(const PackedRows &rows);

/// Attention by libtorch's operations over padded rows, with dropout of the attention weights by the device's generator;
/// differentiable in q, k and v [T, heads * D], by the operations' own gradients.
at::Tensor padded_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const PackedRows &rows,
                            int64_t heads, double dropout, uint64_t seed);

}  // namespace ctorch
