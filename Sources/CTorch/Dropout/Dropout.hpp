// Dropout over packed rows: its implementations, and the choice between them.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// Dropout of `x` [T, H] by what is best on its device; `x` itself for a probability of 0.
at::Tensor packed_dropout(const at::Tensor &x, const at::Tensor &starts, const at::Tensor &keys, double probability,
                          uint64_t seed);

/// By the CPU kernel.
at::Tensor dropout_by_kernel(const at::Tensor &x, const at::Tensor &starts, const at::Tensor &keys, double probability,
                             uint64_t seed);

/// By libtorch's operations on any device, with the kernel's masks and the kernel's numbers, bit for bit.
at::Tensor dropout_plain(const at::Tensor &x, const PackedRows &rows, double probability, uint64_t seed);

/// By the device's own kernel and generator, seeded for this call: one pass, but a token's mask depends on its place
/// in the batch.
at::Tensor dropout_by_device(const at::Tensor &x, const PackedRows &rows, double probability, uint64_t seed);

}  // namespace ctorch
