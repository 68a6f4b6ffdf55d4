// The CPU kernel of ct_packed_dropout.
//
// What it fuses and why it pays: the mask is drawn where it is used, in the forward and again in the backward pass, so
// that none is stored, and it depends on the row and not on the batch.
#include "Dropout.hpp"

#include "../Kernels/Random.hpp"
#include "../Kernels/Simd.hpp"
#include "../Kernels/Threads.hpp"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctorch {

namespace {

/// Masks one line of `width` elements.
template <class T> struct DropLine {
    static CT_INLINE void run(const T *in, T *out, int64_t width, uint64_t stream, uint32_t threshold, float keep) {
        for (int64_t j = 0; j < width; ++j) {
            const bool kept = mask_bits(stream, static_cast<uint32_t>(j)) >= threshold;
            out[j] = kept ? static_cast<T>(in[j] * keep) : T(0);
        }
    }
};

at::Tensor drop(const at::Tensor &x, const PackedRows &rows, double probability, uint64_t seed) {
    at::Tensor out = at::empty_like(x);
    const int64_t width = x.size(1);
    const uint32_t threshold = drop_threshold(probability);
    const auto keep = static_cast<float>(1.0 / (1.0 - probability));
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, x.scalar_type(), "packed_dropout", [&] {
        const scalar_t *in = elements<scalar_t>(x);
        scalar_t *result = out.mutable_data_ptr<scalar_t>();
        for_each_piece(rows.count, [&] {
            return [&](int64_t row) {
                for (int64_t token = rows.starts[row]; token < rows.starts[row + 1]; ++token) {
                    const uint64_t position = static_cast<uint64_t>(token - rows.starts[row]);
                    dispatch<DropLine<scalar_t>>(in + token * width, result + token * width, width,
                                                 mask_stream(seed, rows.keys[row], position), threshold, keep);
                }
            };
        });
    });
    return out;
}

class PackedDropout : public torch::autograd::Function<PackedDropout> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                              const at::Tensor &starts, const at::Tensor &keys, double probability, int64_t seed) {
        context->save_for_backward({starts, keys});
        context->saved_data["probability"] = probability;
        context->saved_data["seed"] = seed;
        return drop(x, packed_rows(starts, keys, x.size(0)), probability, static_cast<uint64_t>(seed));
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor gradient = gradients[0].contiguous();
        const at::Tensor none;
        return {drop(gradient, packed_rows(saved[0], saved[1], gradient.size(0)),
                     context->saved_data["probability"].toDouble(),
                     static_cast<uint64_t>(context->saved_data["seed"].toInt())),
                none, none, none, none};
    }
};

}  // namespace

at::Tensor dropout_by_kernel(const at::Tensor &x, const at::Tensor &starts, const at::Tensor &keys, double probability,
                             uint64_t seed) {
    return PackedDropout::apply(x.contiguous(), starts, keys, probability, static_cast<int64_t>(seed));
}

}  // namespace ctorch
