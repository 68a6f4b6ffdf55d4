// Dropout over packed rows: its implementations, and the choice between them.
#pragma once

#include "../Kernels/Generator.hpp"

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

/// Which elements of [T, width] are kept: `mask_bits(stream, column) >= threshold`, the streams given by their lower
/// and upper halves, int32 [T, 1].
at::Tensor kept_elements(const at::Tensor &low, const at::Tensor &high, int64_t width, double probability);

/// The same for the streams `mask_stream(seed, call, token)`, computed from the seed on its device. The host reads
/// nothing, so it can be recorded.
at::Tensor drawn_elements(const Draw &draw, int64_t tokens, int64_t width, double probability);

}  // namespace ctorch
