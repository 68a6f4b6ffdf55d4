// Packed rows, padded to the longest on a device: for what no kernel over rows of any length does there.
//
// Legend: T tokens in all rows, B rows, L tokens in the longest, N heads, D the size of a head.
#include "Padding.hpp"

#include "Copies.hpp"
#include "Generator.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
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

/// Nought for a row's own tokens and minus infinity for its padding: float [B, 1, 1, L], on the CPU.
at::Tensor padding_bias(const PackedRows &rows, int64_t longest) {
    at::Tensor result = at::full({rows.count, 1, 1, longest}, -std::numeric_limits<float>::infinity(), at::kFloat);
    auto *data = result.mutable_data_ptr<float>();
    for (int64_t row = 0; row < rows.count; ++row) {
        std::fill_n(data + row * longest, rows.length(row), 0.0f);
    }
    return result;
}

}  // namespace

at::Tensor padded_places(const PackedRows &rows) {
    const int64_t longest = rows.longest();
    at::Tensor result = at::empty({rows.starts[rows.count]}, at::TensorOptions().dtype(at::kLong));
    auto *data = result.mutable_data_ptr<int64_t>();
    for (int64_t row = 0; row < rows.count; ++row) {
        for (int64_t token = rows.starts[row]; token < rows.starts[row + 1]; ++token) {
            data[token] = row * longest + token - rows.starts[row];
        }
    }
    return result;
}

at::Tensor padded_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const PackedRows &rows,
                            int64_t heads, double dropout, uint64_t seed) {
    const int64_t longest = rows.longest(), size = q.size(1) / heads;
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
    if (dropout > 0) {
        const SeededGenerator generator(q.device(), seed);
        weights = std::get<0>(at::native_dropout(weights, dropout, /*train=*/true));
    }
    return at::matmul(weights, split(v))
        .transpose(1, 2)
        .reshape({rows.count * longest, q.size(1)})
        .index_select(0, places);
}

}  // namespace ctorch
