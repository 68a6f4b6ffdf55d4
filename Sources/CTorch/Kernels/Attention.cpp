// Self-attention over packed rows, forward and backward, with dropout on the attention weights.
//
// Legend: T tokens in all rows, L tokens in one row, N heads, D the size of a head.
#include "../Device/Attention.hpp"
#include "../Device/Generator.hpp"
#include "../Device/Padding.hpp"
#include "AttentionKernel.hpp"
#include "PackedRows.hpp"
#include "Random.hpp"
#include "Threads.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <cstddef>
#include <memory>

namespace ctorch {

namespace {

/// Rows and heads of one pass, and where a piece of work begins.
///
/// The pieces are (head, row) with the heads outside, so that the threads share every row, long or short.
class Work {
  public:
    Work(const at::Tensor &q, const PackedRows &rows, int64_t heads, double dropout, int64_t seed)
        : rows_(rows), heads_(heads), width_(q.size(1)), size_(width_ / heads), element_(q.element_size()),
          kernel_(attention_kernel(q.scalar_type(), size_)), threshold_(drop_threshold(dropout)),
          keep_scale_(static_cast<float>(1.0 / (1.0 - dropout))), seed_(static_cast<uint64_t>(seed)) {}

    const AttentionKernel &kernel() const { return kernel_; }

    /// Runs `body(piece number, workspace)` for every piece, each thread with a workspace of its own.
    template <class Body> void run(const Body &body) const {
        const auto words = static_cast<size_t>(kernel_.workspace(rows_.longest(), size_));
        for_each_piece(heads_ * rows_.count, [&] {
            const std::shared_ptr<uint32_t[]> memory(new uint32_t[words]);
            return [&body, memory](int64_t number) { body(number, memory.get()); };
        });
    }

    /// Where a piece begins in a [T, N * D] tensor.
    template <class Pointer> Pointer place(Pointer data, int64_t number) const {
        return data + (rows_.starts[row(number)] * width_ + head(number) * size_) * element_;
    }

    /// Where the log-sum-exps of a piece are.
    int64_t line(int64_t number) const {
        return heads_ * rows_.starts[row(number)] + head(number) * rows_.length(row(number));
    }

    AttentionPiece piece(const std::byte *q, const std::byte *k, const std::byte *v, const std::byte *gradient,
                         int64_t number) const {
        const int64_t length = rows_.length(row(number));
        return {place(q, number), place(k, number), place(v, number),
                gradient == nullptr ? nullptr : place(gradient, number), width_, length, size_,
                static_cast<float>(1.0 / std::sqrt(static_cast<double>(size_))), seed_,
                rows_.keys == nullptr ? 0 : rows_.keys[row(number)],
                static_cast<uint64_t>(head(number) * length), threshold_, keep_scale_};
    }

  private:
    int64_t head(int64_t number) const { return number / rows_.count; }
    int64_t row(int64_t number) const { return number % rows_.count; }

    const PackedRows rows_;
    const int64_t heads_, width_, size_, element_;
    const AttentionKernel &kernel_;
    const uint32_t threshold_;
    const float keep_scale_;
    const uint64_t seed_;
};

const std::byte *bytes(const at::Tensor &x) { return static_cast<const std::byte *>(x.const_data_ptr()); }
std::byte *mutable_bytes(at::Tensor &x) { return static_cast<std::byte *>(x.mutable_data_ptr()); }

class PackedAttention : public torch::autograd::Function<PackedAttention> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &q, const at::Tensor &k,
                              const at::Tensor &v, const at::Tensor &starts, const at::Tensor &keys, int64_t heads,
                              double dropout, int64_t seed) {
        const Work work(q, packed_rows(starts, keys, q.size(0)), heads, dropout, seed);
        at::Tensor out = at::empty_like(q);
        at::Tensor logsumexp = at::empty({q.size(0) * heads}, q.options().dtype(at::kFloat));
        std::byte *target = mutable_bytes(out);
        float *sums = logsumexp.mutable_data_ptr<float>();
        work.run([&](int64_t number, uint32_t *memory) {
            work.kernel().forward(work.piece(bytes(q), bytes(k), bytes(v), nullptr, number),
                                  work.place(target, number), sums + work.line(number), memory);
        });
        context->save_for_backward({q, k, v, starts, keys, logsumexp});
        context->saved_data["heads"] = heads;
        context->saved_data["dropout"] = dropout;
        context->saved_data["seed"] = seed;
        return out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
        const Work work(q, packed_rows(saved[3], saved[4], q.size(0)), context->saved_data["heads"].toInt(),
                        context->saved_data["dropout"].toDouble(), context->saved_data["seed"].toInt());
        at::Tensor dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
        const at::Tensor gradient = gradients[0].contiguous();
        std::byte *q_target = mutable_bytes(dq), *k_target = mutable_bytes(dk), *v_target = mutable_bytes(dv);
        const float *sums = elements<float>(saved[5]);
        work.run([&](int64_t number, uint32_t *memory) {
            work.kernel().backward(work.piece(bytes(q), bytes(k), bytes(v), bytes(gradient), number),
                                   sums + work.line(number), work.place(q_target, number),
                                   work.place(k_target, number), work.place(v_target, number), memory);
        });
        const at::Tensor none;
        return {dq, dk, dv, none, none, none, none, none};
    }
};

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

void check_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, int64_t heads, double dropout) {
    TORCH_CHECK(q.dim() == 2 && q.sizes() == k.sizes() && q.sizes() == v.sizes(),
                "q, k and v must have one shape [T, heads * D], not ", q.sizes(), ", ", k.sizes(), ", ", v.sizes());
    TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type() && q.is_floating_point(),
                "q, k and v must have one floating-point type");
    TORCH_CHECK(heads >= 1 && q.size(1) % heads == 0, "a width of ", q.size(1), " cannot be split into ", heads,
                " heads");
    check_probability(dropout);
}

at::Tensor attention_from_plain_operations(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                                           const PackedRows &rows, int64_t heads, double dropout, uint64_t seed) {
    const int64_t size = q.size(1) / heads;
    std::vector<at::Tensor> parts;
    for (int64_t row = 0; row < rows.count; ++row) {
        const int64_t start = rows.starts[row], length = rows.length(row);
        const auto split = [&](const at::Tensor &x) {
            return x.narrow(0, start, length).view({length, heads, size}).transpose(0, 1);
        };
        at::Tensor weights = at::softmax(
            at::matmul(split(q), split(k).transpose(1, 2)) / std::sqrt(static_cast<double>(size)), -1);
        if (dropout > 0) {
            weights = weights * attention_mask(length, heads, rows.keys[row], dropout, seed).to(weights.options());
        }
        parts.push_back(at::matmul(weights, split(v)).transpose(0, 1).reshape({length, q.size(1)}));
    }
    return at::cat(parts);
}

CTStatus attention_on_device(const CTTensor &q, const CTTensor *k, const CTTensor *v, const CTTensor *row_starts,
                             const CTTensor *row_keys, const CTTensor *device_starts, int64_t heads, double dropout,
                             uint64_t seed, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &keys = unwrap(k, "k"), &values = unwrap(v, "v"), &starts = unwrap(row_starts, "row_starts");
        check_attention(q.value, keys, values, heads, dropout);
        const PackedRows rows = packed_rows(starts, unwrap(row_keys, "row_keys"), q.value.size(0));
        const DeviceAttention way = device_attention_for(q.value, heads, dropout);
        if (way == DeviceAttention::padded) {
            return padded_attention(q.value, keys, values, rows, heads, dropout, batch_seed(rows, seed));
        }
        return fused_attention(way, q.value.contiguous(), keys.contiguous(), values.contiguous(),
                               fused_rows(q.value, rows, starts,
                                          device_starts == nullptr ? at::Tensor() : device_starts->value, heads,
                                          dropout, seed));
    });
}

}  // namespace

}  // namespace ctorch

using namespace ctorch;

CTStatus ct_packed_attention(const CTTensor *q, const CTTensor *k, const CTTensor *v, const CTTensor *row_starts,
                             const CTTensor *row_keys, const CTTensor *device_starts, int32_t heads, double dropout,
                             uint64_t seed, CTTensor **out) {
    if (q != nullptr && q->value.dim() == 2 && heads >= 1 &&
        device_attention_for(q->value, heads, dropout) != DeviceAttention::plain) {
        return attention_on_device(*q, k, v, row_starts, row_keys, device_starts, heads, dropout, seed, out);
    }
    // The kernel is float32's and bfloat16's on the CPU; float64 is for checking, and takes the plain way.
    const bool has_kernel = q == nullptr || (q->value.is_cpu() && (q->value.scalar_type() == at::kFloat ||
                                                                  q->value.scalar_type() == at::kBFloat16));
    if (!has_kernel) {
        return ct_packed_attention_reference(q, k, v, row_starts, row_keys, heads, dropout, seed, out);
    }
    return make_tensor(out, [&] {
        const at::Tensor &queries = unwrap(q, "q"), &keys = unwrap(k, "k"), &values = unwrap(v, "v");
        check_attention(queries, keys, values, heads, dropout);
        packed_rows(unwrap(row_starts, "row_starts"), unwrap(row_keys, "row_keys"), queries.size(0));
        return PackedAttention::apply(queries.contiguous(), keys.contiguous(), values.contiguous(),
                                      row_starts->value, row_keys->value, heads, dropout, static_cast<int64_t>(seed));
    });
}

CTStatus ct_packed_attention_reference(const CTTensor *q, const CTTensor *k, const CTTensor *v,
                                       const CTTensor *row_starts, const CTTensor *row_keys, int32_t heads,
                                       double dropout, uint64_t seed, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &queries = unwrap(q, "q"), &keys = unwrap(k, "k"), &values = unwrap(v, "v");
        check_attention(queries, keys, values, heads, dropout);
        const PackedRows rows =
            packed_rows(unwrap(row_starts, "row_starts"), unwrap(row_keys, "row_keys"), queries.size(0));
        return attention_from_plain_operations(queries, keys, values, rows, heads, dropout, seed);
    });
}
