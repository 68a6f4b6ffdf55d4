// Self-attention over packed rows on a GPU, by fused kernels where one is right.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// How attention is computed on a device.
enum class DeviceAttention {
    /// By the plain operations, a row at a time.
    plain,
    /// Flash attention, in 16 bits.
    flash,
    /// Memory-efficient attention, in float32 without dropout.
    efficient,
    /// Over padded rows, in float32 with dropout.
    padded,
};

/// The way for q [T, heads * D] on its device.
DeviceAttention device_attention_for(const at::Tensor &q, int64_t heads, double dropout);

/// What a fused kernel is told besides q, k and v.
struct FusedRows {
    /// The row starts, int32 [B + 1], on the device of q.
    at::Tensor starts;
    /// The length of the longest row.
    int64_t longest;
    int64_t heads;
    double dropout;
    /// What the device's generator is seeded with.
    uint64_t seed;
};

/// Attention by a fused kernel, `way` being `flash` or `efficient`; differentiable in q, k and v, contiguous [T, heads * D].
at::Tensor fused_attention(DeviceAttention way, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                           const FusedRows &rows);

/// Puts together what a fused kernel is told. `device_starts`, made once for all layers of a batch, may be undefined.
FusedRows fused_rows(const at::Tensor &q, const PackedRows &rows, const at::Tensor &row_starts,
                     const at::Tensor &device_starts, int64_t heads, double dropout, uint64_t seed);

}  // namespace ctorch
