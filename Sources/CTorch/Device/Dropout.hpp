// Dropout over packed rows by libtorch's operations.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// Dropout of `x` [T, H] on whatever device it is, with the kernel's masks and the kernel's numbers, bit for bit.
at::Tensor dropout_from_operations(const at::Tensor &x, const PackedRows &rows, double probability, uint64_t seed);

/// Dropout of `x` by its device's own kernel and generator, seeded for this call: one pass, but a token's mask depends on its
/// place in the batch.
at::Tensor dropout_by_device(const at::Tensor &x, const PackedRows &rows, double probability, uint64_t seed);

}  // namespace ctorch
