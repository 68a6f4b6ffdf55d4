// One head of one row of self-attention, compiled once for each instruction set.
#pragma once

#include <ATen/core/ScalarType.h>

#include <cstdint>

namespace ctorch {

/// One head of one row. L tokens, D the size of a head; the pointers are to its first element.
struct AttentionPiece {
    const void *q, *k, *v;
    /// The gradient of the output; only the backward pass has one.
    const void *gradient;
    /// Elements from one token to the next, the same in all of them.
    int64_t stride;
    int64_t length;
    int64_t size;
    float scale;
    /// Where the dropout masks of its L lines come from; a threshold of 0 means no dropout.
    uint64_t seed;
    int64_t row_key;
    uint64_t first_line;
    uint32_t threshold;
    float keep_scale;
};

/// The kernel of one instruction set and element type.
struct AttentionKernel {
    /// The 32-bit words of workspace that a piece of that length and size needs.
    int64_t (*workspace)(int64_t length, int64_t size);
    /// Writes the output, and the log-sum-exp of each line.
    void (*forward)(const AttentionPiece &piece, void *out, float *logsumexp, uint32_t *workspace);
    /// Writes the gradients of q, k and v.
    void (*backward)(const AttentionPiece &piece, const float *logsumexp, void *q, void *k, void *v,
                     uint32_t *workspace);
};

/// The kernel for inputs of type float32 or bfloat16 with heads of that size on this CPU.
const AttentionKernel &attention_kernel(at::ScalarType type, int64_t size);

}  // namespace ctorch
