// Attention by libtorch's plain operations, a row at a time, on any device and in any type.
//
// Legend: L tokens in one row, N heads, D the size of a head.
#include "../Kernels/Random.hpp"
#include "Attention.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <vector>

namespace ctorch {

namespace {

/// The kept positions of one row's attention weights, [N, L, L], already divided by the share that is kept.
at::Tensor attention_mask(int64_t length, int64_t heads, int64_t row_key, double dropout, uint64_t seed) {
    at::Tensor result = at::empty({heads, length, length}, at::TensorOptions().dtype(at::kDouble));
    double *data = result.mutable_data_ptr<double>();
    const uint32_t threshold = drop_threshold(dropout);
    for (int64_t line = 0; line < heads * length; ++line) {
        const uint64_t stream = mask_stream(seed, row_key, static_cast<uint64_t>(line));
        for (int64_t j = 0; j < length; ++j) {
            const bool kept = mask_bits(stream, static_cast<uint32_t>(j)) >= threshold;
            data[line * length + j] = kept ? 1.0 / (1.0 - dropout) : 0.0;
        }
    }
    return result;
}

}  // namespace

at::Tensor attention_plain(const AttentionInputs &x) {
    const int64_t heads = x.heads, size = x.q.size(1) / heads;
    std::vector<at::Tensor> parts;
    for (int64_t row = 0; row < x.rows.count; ++row) {
        const int64_t start = x.rows.starts[row], length = x.rows.length(row);
        const auto split = [&](const at::Tensor &y) {
            return y.narrow(0, start, length).reshape({length, heads, size}).transpose(0, 1);
        };
        at::Tensor weights = at::softmax(
            at::matmul(split(x.q), split(x.k).transpose(1, 2)) / std::sqrt(static_cast<double>(size)), -1);
        if (x.dropout > 0) {
            const at::Tensor mask = attention_mask(length, heads, x.rows.keys[row], x.dropout, x.seed);
            weights = weights * mask.to(weights.options());
        }
        parts.push_back(at::matmul(weights, split(x.v)).transpose(0, 1).reshape({length, x.q.size(1)}));
    }
    return at::cat(parts);
}

}  // namespace ctorch
