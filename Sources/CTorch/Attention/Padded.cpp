// Attention by libtorch's operations over rows padded to the longest, for dropout on CUDA in float32, and in float16
// before compute capability 8.0.
//
// Legend: T tokens in all rows, B rows, L tokens in the longest, N heads, D the size of a head.
#include "../Gradients/Kept.hpp"
#include "../Kernels/Generator.hpp"
#include "../Kernels/Padding.hpp"
#include "Attention.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/native_dropout.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>

namespace ctorch {

namespace {

/// Zero for a row's own tokens and minus infinity for its padding, [B, 1, 1, L]. A row without tokens, which nothing
/// reads, has one.
at::Tensor padding_bias(const at::Tensor &places, const at::Tensor &like, int64_t count, int64_t longest) {
    at::Tensor result =
        at::full({count * longest}, -std::numeric_limits<double>::infinity(), like.options()).index_fill_(0, places, 0);
    result.view({count, longest}).select(1, 0).zero_();
    return result.view({count, 1, 1, longest});
}

/// Dropout of the softmax's weights by the device's generator.
at::Tensor dropped(const at::Tensor &weights, double probability) {
    at::Tensor result;
    const at::Tensor mask = kept([&]() -> KeptResult {
        const auto [out, drawn] = at::native_dropout(weights, probability, /*train=*/true);
        result = out;
        return {drawn};
    })[0];
    return result.defined() ? result : weights * mask * (1 / (1 - probability));
}

}  // namespace

at::Tensor padded_attention(const AttentionInputs &inputs, const at::Tensor &device_starts) {
    const at::Tensor &q = inputs.q, &k = inputs.k, &v = inputs.v;
    const PackedRows &rows = inputs.rows;
    const int64_t heads = inputs.heads, longest = rows.longest(), size = q.size(1) / heads;
    const at::Tensor places = padded_places(checked_starts(inputs, device_starts), q.size(0), longest);
    const auto split = [&](const at::Tensor &x) {  // [B, N, L, D]
        return at::zeros({rows.count * longest, x.size(1)}, x.options())
            .index_copy(0, places, x)
            .view({rows.count, longest, heads, size})
            .transpose(1, 2);
    };
    const at::Tensor bias = padding_bias(places, q, rows.count, longest);
    // The queries are scaled, not the scores, which float16 might not hold before.
    const at::Tensor scaled = split(q) / std::sqrt(static_cast<double>(size));
    const at::Tensor scores = at::matmul(scaled, split(k).transpose(2, 3));
    at::Tensor weights = at::softmax(scores + bias, -1);
    if (inputs.dropout > 0) {
        const SeededGenerator generator(q.device(), batch_seed(rows, inputs.seed));
        weights = dropped(weights, inputs.dropout);
    }
    return at::matmul(weights, split(v))
        .transpose(1, 2)
        .reshape({rows.count * longest, q.size(1)})
        .index_select(0, places);
}

}  // namespace ctorch
