// Self-attention over packed rows by a GPU's fused kernels.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// Which of libtorch's attention kernels for rows of any length fits.
enum class FusedAttention {
    /// None: the plain operations.
    none,
    /// Flash attention, in 16 bits.
    flash,
    /// Memory-efficient attention, in float32.
    efficient,
};

/// The kernel for q [T, heads * D] on its device.
FusedAttention fused_attention_for(const at::Tensor &q, int64_t heads);

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

/// Attention by the kernel `way`, which is not `none`; differentiable in q, k and v, contiguous [T, heads * D].
at::Tensor fused_attention(FusedAttention way, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                           const FusedRows &rows);

/// Puts together what a fused kernel is told. `device_starts`, made once for all layers of a batch, may be undefined.
FusedRows fused_rows(const at::Tensor &q, const PackedRows &rows, const at::Tensor &row_starts,
                     const at::Tensor &device_starts, int64_t heads, double dropout, uint64_t seed);

}  // namespace ctorch
