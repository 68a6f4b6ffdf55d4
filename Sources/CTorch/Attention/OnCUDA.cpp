// Self-attention over packed rows by a GPU's fused kernels: flash attention in 16 bits, memory-efficient attention in
// float32 without dropout, both over rows of any length.
//
// What they fuse and why it pays: scores, softmax, dropout and the product with the values of all rows and heads in one
// launch, without writing the scores; the plain operations launch a dozen kernels a row.
//
// Dropout: flash attention draws masks from the device's own generator, which is seeded here for each call. So a mask
// is a function of (seed, step, layer, first row of the batch, place in the batch): a run on the same batches repeats
// itself, but a row's mask differs from the CPU's and depends on the rows before it.
//
// Legend: T tokens in all rows, B rows, N heads, D the size of a head.
#include "../Gradients/Kept.hpp"
#include "../Kernels/Generator.hpp"
#include "../Tensors/DeviceCopies.hpp"
#include "Attention.hpp"

#include <ATen/ops/_efficient_attention_backward.h>
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

namespace ctorch {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void keep_settings(AutogradContext *context, int64_t heads, int64_t longest) {
    context->saved_data["heads"] = heads;
    context->saved_data["longest"] = longest;
}

class Flash : public torch::autograd::Function<Flash> {
  public:
    static at::Tensor forward(AutogradContext *context, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                              const at::Tensor &starts, int64_t heads, int64_t longest, double dropout, int64_t seed) {
        const auto split = [&](const at::Tensor &x) { return x.view({x.size(0), heads, -1}); };  // [T, N, D]
        const auto compute = [&]() -> KeptResult {
            std::optional<SeededGenerator> generator;
            if (dropout > 0) generator.emplace(q.device(), static_cast<uint64_t>(seed));
            const auto [out, logsumexp, state, offset, unused] =
                at::_flash_attention_forward(split(q), split(k), split(v), starts, starts, longest, longest, dropout,
                                             /*is_causal=*/false, /*return_debug_mask=*/false);
            return {out, logsumexp, state, offset};
        };
        const KeptResult results = dropout > 0 ? kept(compute) : compute();
        context->save_for_backward({q, k, v, starts, results[0], results[1], results[2], results[3]});
        keep_settings(context, heads, longest);
        context->saved_data["dropout"] = dropout;
        return results[0].reshape(q.sizes());
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &q = saved[0], &starts = saved[3];
        const int64_t heads = context->saved_data["heads"].toInt(), longest = context->saved_data["longest"].toInt();
        const auto split = [&](const at::Tensor &x) { return x.view({x.size(0), heads, -1}); };
        const auto [dq, dk, dv] = at::_flash_attention_backward(
            split(gradients[0].contiguous()), split(q), split(saved[1]), split(saved[2]), saved[4], saved[5], starts,
            starts, longest, longest, context->saved_data["dropout"].toDouble(), /*is_causal=*/false, saved[6],
            saved[7]);
        const at::Tensor none;
        return {dq.reshape(q.sizes()), dk.reshape(q.sizes()), dv.reshape(q.sizes()), none, none, none, none, none};
    }
};

class Efficient : public torch::autograd::Function<Efficient> {
  public:
    static at::Tensor forward(AutogradContext *context, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                              const at::Tensor &starts, int64_t heads, int64_t longest) {
        const auto split = [&](const at::Tensor &x) { return x.view({1, x.size(0), heads, -1}); };  // [1, T, N, D]
        const auto [out, logsumexp, philox_seed, philox_offset, unused_q, unused_k] =
            at::_efficient_attention_forward(split(q), split(k), split(v), /*bias=*/std::nullopt, starts, starts,
                                             longest, longest, /*dropout=*/0, /*custom_mask_type=*/0,
                                             /*compute_log_sumexp=*/true);
        context->save_for_backward({q, k, v, starts, out, logsumexp, philox_seed, philox_offset});
        keep_settings(context, heads, longest);
        return out.reshape(q.sizes());
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &q = saved[0], &starts = saved[3];
        const int64_t heads = context->saved_data["heads"].toInt(), longest = context->saved_data["longest"].toInt();
        const auto split = [&](const at::Tensor &x) { return x.view({1, x.size(0), heads, -1}); };
        const auto [dq, dk, dv, dbias] = at::_efficient_attention_backward(
            split(gradients[0].contiguous()), split(q), split(saved[1]), split(saved[2]), /*bias=*/std::nullopt,
            saved[4], starts, starts, longest, longest, saved[5], /*dropout=*/0, saved[6], saved[7],
            /*custom_mask_type=*/0, /*bias_requires_grad=*/false);
        const at::Tensor none;
        return {dq.reshape(q.sizes()), dk.reshape(q.sizes()), dv.reshape(q.sizes()), none, none, none};
    }
};

}  // namespace

at::Tensor checked_starts(const AttentionInputs &x, const at::Tensor &device_starts) {
    const at::Tensor starts = device_starts.defined() ? device_starts : sent(x.starts.to(at::kInt), x.q.device());
    TORCH_CHECK(starts.dim() == 1 && starts.numel() == x.rows.count + 1 && starts.scalar_type() == at::kInt &&
                    starts.device() == x.q.device() && starts.is_contiguous(),
                "the device's copy of row_starts must be a contiguous int32 [", x.rows.count + 1, "] on ", x.q.device(),
                ", not ", starts.toString(), " ", starts.sizes());
    return starts;
}

at::Tensor flash_attention(const AttentionInputs &x, const at::Tensor &device_starts) {
    // Slices of one product are read where they are.
    const auto dense = [](const at::Tensor &tokens) { return tokens.stride(1) == 1 ? tokens : tokens.contiguous(); };
    return Flash::apply(dense(x.q), dense(x.k), dense(x.v), checked_starts(x, device_starts), x.heads, x.rows.longest(),
                        x.dropout, static_cast<int64_t>(batch_seed(x.rows, x.seed)));
}

at::Tensor efficient_attention(const AttentionInputs &x, const at::Tensor &device_starts) {
    return Efficient::apply(x.q.contiguous(), x.k.contiguous(), x.v.contiguous(), checked_starts(x, device_starts),
                            x.heads, x.rows.longest());
}

}  // namespace ctorch
