// Attention by libtorch's operations over rows padded to the longest, for float32 with dropout on CUDA.
//
// Legend: T tokens in all rows, B rows, L tokens in the longest, N heads, D the size of a head.
#include "../Kernels/Generator.hpp"
#include "../Kernels/Padding.hpp"
#include "../Tensors/DeviceCopies.hpp"
#include "Attention.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/native_dropout.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace ctorch {

namespace {

/// Zero for a row's own tokens and minus infinity for its padding: float [B, 1, 1, L], on the CPU.
at::Tensor padding_bias(const PackedRows &rows, int64_t longest) {
    at::Tensor result = at::full({rows.count, 1, 1, longest}, -std::numeric_limits<float>::infinity(), at::kFloat);
    auto *data = result.mutable_data_ptr<float>();
    for (int64_t row = 0; row < rows.count; ++row) {
        std::fill_n(data + row * longest, rows.length(row), 0.0f);
    }
    return result;
}

}  // namespace

at::Tensor padded_attention(const AttentionInputs &inputs) {
    const at::Tensor &q = inputs.q, &k = inputs.k, &v = inputs.v;
    const PackedRows &rows = inputs.rows;
    const int64_t heads = inputs.heads, longest = rows.longest(), size = q.size(1) / heads;
    const at::Tensor places = sent(padded_places(rows), q.device());
    const auto split = [&](const at::Tensor &x) {  // [B, N, L, D]
        return at::zeros({rows.count * longest, x.size(1)}, x.options())
            .index_copy(0, places, x)
            .view({rows.count, longest, heads, size})
            .transpose(1, 2);
    };
    const at::Tensor bias = sent(padding_bias(rows, longest), q.device()).to(q.scalar_type());
    const at::Tensor scores = at::matmul(split(q), split(k).transpose(2, 3)) / std::sqrt(static_cast<double>(size));
    at::Tensor weights = at::softmax(scores + bias, -1);
    if (inputs.dropout > 0) {
        const SeededGenerator generator(q.device(), batch_seed(rows, inputs.seed));
        weights = std::get<0>(at::native_dropout(weights, inputs.dropout, /*train=*/true));
    }
    return at::matmul(weights, split(v))
        .transpose(1, 2)
        .reshape({rows.count * longest, q.size(1)})
        .index_select(0, places);
}

}  // namespace ctorch
