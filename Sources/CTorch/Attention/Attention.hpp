// Self-attention inside each packed row: its implementations, and the choice between them.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// Checked operands: q, k and v [T, heads * D] of one type on one device. `rows` points into `starts` and `keys`.
struct AttentionInputs {
    at::Tensor q, k, v, starts, keys;
    PackedRows rows;
    int64_t heads;
    double dropout;
    uint64_t seed;
};

enum class AttentionMethod {
    /// The CPU kernel, for float32 and bfloat16.
    kernel,
    /// Flash attention on CUDA, in 16 bits.
    flash,
    /// Memory-efficient attention on CUDA without dropout, in float32, and in float16 before compute capability 8.0.
    efficient,
    /// libtorch's operations over padded rows: the same with dropout.
    padded,
    /// libtorch's operations, a row at a time.
    plain,
};

/// The method for q [T, heads * D] on its device.
AttentionMethod attention_method(const at::Tensor &q, int64_t heads, double dropout);

// All are differentiable in q, k and v.

at::Tensor attention_by_kernel(const AttentionInputs &inputs);
/// `device_starts`, int32 [B + 1] on the device of q, is made once for all layers of a batch; it may be undefined.
at::Tensor flash_attention(const AttentionInputs &inputs, const at::Tensor &device_starts);
at::Tensor efficient_attention(const AttentionInputs &inputs, const at::Tensor &device_starts);
/// The device's generator draws its dropout masks. Of the host's starts only the number and the longest of the rows
/// count if the device's are there.
at::Tensor padded_attention(const AttentionInputs &inputs, const at::Tensor &device_starts);

/// The device's row starts, checked; made of the host's where they are undefined.
at::Tensor checked_starts(const AttentionInputs &x, const at::Tensor &device_starts);
at::Tensor attention_plain(const AttentionInputs &inputs);

}  // namespace ctorch
