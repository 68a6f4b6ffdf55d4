// Attention by the CPU kernel, forward and backward: shares the heads of all rows among the threads.
//
// Legend: T tokens in all rows, L tokens in one row, N heads, D the size of a head.
#include "../Kernels/Random.hpp"
#include "../Kernels/Threads.hpp"
#include "Attention.hpp"
#include "Kernel.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <cstddef>
#include <memory>

namespace ctorch {

namespace {

/// The pieces of one pass, each a head of a row, and where each begins.
///
/// The heads are the outer loop, so that the threads share every row, long or short.
class Pieces {
  public:
    Pieces(const at::Tensor &q, const PackedRows &rows, int64_t heads, double dropout, int64_t seed)
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
        const Pieces pieces(q, packed_rows(starts, keys, q.size(0)), heads, dropout, seed);
        at::Tensor out = at::empty_like(q);
        at::Tensor logsumexp = at::empty({q.size(0) * heads}, q.options().dtype(at::kFloat));
        std::byte *target = mutable_bytes(out);
        float *sums = logsumexp.mutable_data_ptr<float>();
        pieces.run([&](int64_t number, uint32_t *memory) {
            pieces.kernel().forward(pieces.piece(bytes(q), bytes(k), bytes(v), nullptr, number),
                                  pieces.place(target, number), sums + pieces.line(number), memory);
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
        const Pieces pieces(q, packed_rows(saved[3], saved[4], q.size(0)), context->saved_data["heads"].toInt(),
                        context->saved_data["dropout"].toDouble(), context->saved_data["seed"].toInt());
        at::Tensor dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
        const at::Tensor gradient = gradients[0].contiguous();
        std::byte *q_target = mutable_bytes(dq), *k_target = mutable_bytes(dk), *v_target = mutable_bytes(dv);
        const float *sums = elements<float>(saved[5]);
        pieces.run([&](int64_t number, uint32_t *memory) {
            pieces.kernel().backward(pieces.piece(bytes(q), bytes(k), bytes(v), bytes(gradient), number),
                                   sums + pieces.line(number), pieces.place(q_target, number),
                                   pieces.place(k_target, number), pieces.place(v_target, number), memory);
        });
        const at::Tensor none;
        return {dq, dk, dv, none, none, none, none, none};
    }
};

}  // namespace

at::Tensor attention_by_kernel(const AttentionInputs &x) {
    return PackedAttention::apply(x.q.contiguous(), x.k.contiguous(), x.v.contiguous(), x.starts, x.keys, x.heads,
                                  x.dropout, static_cast<int64_t>(x.seed));
}

}  // namespace ctorch
