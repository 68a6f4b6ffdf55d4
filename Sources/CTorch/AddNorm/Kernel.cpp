// The CPU kernel of ct_add_norm: layer norm of residual + dropout(x + bias).
//
// What it fuses and why it pays: bias, dropout, sum and normalisation run in one pass while a token's numbers are in
// the nearest cache, and the backward pass computes all five gradients in one pass; a library's operations make four
// passes forward and seven backward, and store the sum and the mask as well. The result is also written in bfloat16
// where the next products read bfloat16, and the gradients of both copies are added in the backward pass.
//
// Legend: T tokens, H hidden size; n = (z - mean) / deviation, the normalised sum.
#include "AddNorm.hpp"

#include "../Kernels/PackedRows.hpp"
#include "../Kernels/Random.hpp"
#include "../Kernels/Vector.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

namespace ctorch {

namespace {

/// Which row each token is in, and the stream that its dropout mask comes from.
class Streams {
  public:
    Streams(const PackedRows &rows, uint64_t seed, int64_t first) : rows_(rows), seed_(seed) {
        row_ = std::upper_bound(rows.starts, rows.starts + rows.count, first) - rows.starts - 1;
    }

    /// The stream of a token, not before the one asked for last.
    uint64_t of(int64_t token) {
        while (token >= rows_.starts[row_ + 1]) {
            ++row_;
        }
        return mask_stream(seed_, rows_.keys[row_], static_cast<uint64_t>(token - rows_.starts[row_]));
    }

  private:
    const PackedRows &rows_;
    const uint64_t seed_;
    int64_t row_;
};

struct Mask {
    uint64_t stream;
    uint32_t threshold;
    float keep;

    CT_INLINE float operator()(float x, int64_t j) const {
        return mask_bits(stream, static_cast<uint32_t>(j)) >= threshold ? x * keep : 0.0f;
    }
};

template <class T, bool Drops> struct ForwardLine {
    /// Writes n, and returns 1 / deviation.
    static CT_INLINE void run(const T *__restrict x, const float *__restrict bias, const float *__restrict residual,
                              const float *__restrict scale, const float *__restrict shift, float *__restrict n,
                              float *__restrict y, c10::BFloat16 *__restrict low, float *inverse, int64_t width,
                              float epsilon, Mask mask) {
#pragma clang fp reassociate(on)
        float sum = 0;
        for (int64_t j = 0; j < width; ++j) {
            const float value = static_cast<float>(x[j]) + bias[j];
            const float z = (Drops ? mask(value, j) : value) + residual[j];
            n[j] = z;
            sum += z;
        }
        const float mean = sum / static_cast<float>(width);
        float squares = 0;
        for (int64_t j = 0; j < width; ++j) {
            const float distance = n[j] - mean;
            squares += distance * distance;
        }
        const float factor = 1.0f / __builtin_sqrtf(squares / static_cast<float>(width) + epsilon);
        for (int64_t j = 0; j < width; ++j) {
            n[j] = (n[j] - mean) * factor;
            y[j] = n[j] * scale[j] + shift[j];
        }
        if (low != nullptr) {
            for (int64_t j = 0; j < width; ++j) {
                low[j] = static_cast<c10::BFloat16>(y[j]);
            }
        }
        *inverse = factor;
    }
};

/// Adds to sums [3, H]: the gradients of scale, shift and bias.
template <class T, bool Drops> struct BackwardLine {
    static CT_INLINE void run(const float *__restrict gradient, const float *__restrict n,
                              const float *__restrict scale, float inverse, T *__restrict dx,
                              float *__restrict dresidual, float *__restrict sums, int64_t width, Mask mask) {
#pragma clang fp reassociate(on)
        float mean = 0, along = 0;
        for (int64_t j = 0; j < width; ++j) {
            const float g = gradient[j] * scale[j];
            mean += g;
            along += g * n[j];
            sums[j] += gradient[j] * n[j];
            sums[width + j] += gradient[j];
        }
        mean /= static_cast<float>(width);
        along /= static_cast<float>(width);
        for (int64_t j = 0; j < width; ++j) {
            const float z = inverse * (gradient[j] * scale[j] - mean - n[j] * along);
            dresidual[j] = z;
            const float slope = Drops ? mask(z, j) : z;
            dx[j] = static_cast<T>(slope);
            sums[2 * width + j] += slope;
        }
    }
};

/// total = high + low, of which either may be missing.
struct AddGradients {
    static CT_INLINE void run(const float *high, const c10::BFloat16 *low, float *__restrict total, int64_t width) {
        for (int64_t j = 0; j < width; ++j) {
            total[j] = high == nullptr ? 0.0f : high[j];
        }
        if (low != nullptr) {
            for (int64_t j = 0; j < width; ++j) {
                total[j] += static_cast<float>(low[j]);
            }
        }
    }
};

Mask mask_of(const Dropping &dropping, uint64_t stream) {
    return {stream, drop_threshold(dropping.probability), static_cast<float>(1.0 / (1.0 - dropping.probability))};
}

struct Outputs {
    at::Tensor y, low, n, inverse;
};

/// y, its copy in bfloat16 if wanted, and what the backward pass needs.
Outputs normalise(const AddNormInputs &inputs, const PackedRows &rows, Dropping dropping, double epsilon,
                  bool wants_low, bool keeps) {
    const at::Tensor &x = inputs.x;
    const int64_t tokens = x.size(0), width = x.size(1);
    const at::TensorOptions full = x.options().dtype(at::kFloat);
    Outputs out{at::empty({tokens, width}, full), {}, {}, {}};
    if (wants_low) out.low = at::empty({tokens, width}, x.options().dtype(at::kBFloat16));
    out.n = at::empty({keeps ? tokens : 0, width}, full);
    out.inverse = at::empty({keeps ? tokens : 0}, full);
    const float *b = elements<float>(inputs.bias), *r = elements<float>(inputs.residual);
    const float *s = elements<float>(inputs.scale), *t = elements<float>(inputs.shift);
    float *y = out.y.mutable_data_ptr<float>(), *n = out.n.mutable_data_ptr<float>();
    float *inverse = out.inverse.mutable_data_ptr<float>();
    auto *low = wants_low ? out.low.mutable_data_ptr<c10::BFloat16>() : nullptr;
    with_element_of(x, [&](auto element) {
        using T = decltype(element);
        const T *in = elements<T>(x);
        for_each_stripe(tokens, [&](int64_t first, int64_t last) {
            std::vector<float> spare(keeps ? 0 : static_cast<size_t>(width));
            float ignored = 0;
            Streams streams(rows, dropping.seed, first);
            for (int64_t token = first; token < last; ++token) {
                const int64_t start = token * width;
                float *line = keeps ? n + start : spare.data(), *factor = keeps ? inverse + token : &ignored;
                c10::BFloat16 *copy = low == nullptr ? nullptr : low + start;
                const auto run = [&](auto kernel, Mask mask) {
                    dispatch<decltype(kernel)>(in + start, b, r + start, s, t, line, y + start, copy, factor, width,
                                               static_cast<float>(epsilon), mask);
                };
                if (dropping.probability > 0) {
                    run(ForwardLine<T, true>(), mask_of(dropping, streams.of(token)));
                } else {
                    run(ForwardLine<T, false>(), Mask{});
                }
            }
        });
    });
    return out;
}

class AddNorm : public torch::autograd::Function<AddNorm> {
  public:
    static torch::autograd::variable_list forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                                                  const at::Tensor &bias, const at::Tensor &residual,
                                                  const at::Tensor &scale, const at::Tensor &shift,
                                                  const at::Tensor &starts, const at::Tensor &keys,
                                                  double probability, int64_t seed, double epsilon, bool wants_low) {
        const AddNormInputs inputs{x, bias, residual, scale, shift};
        const PackedRows rows = packed_rows(starts, keys, x.size(0));
        const Dropping dropping{probability, static_cast<uint64_t>(seed)};
        const Outputs out = normalise(inputs, rows, dropping, epsilon, wants_low, true);
        context->save_for_backward({out.n, out.inverse, scale, starts, keys});
        context->saved_data["probability"] = probability;
        context->saved_data["seed"] = seed;
        context->saved_data["low"] = x.scalar_type() == at::kBFloat16;
        context->set_materialize_grads(false);
        if (wants_low) return {out.y, out.low};
        return {out.y};
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &n = saved[0], &scale = saved[2], none;
        const int64_t tokens = n.size(0), width = n.size(1);
        const Dropping dropping{context->saved_data["probability"].toDouble(),
                                static_cast<uint64_t>(context->saved_data["seed"].toInt())};
        const PackedRows rows = packed_rows(saved[3], saved[4], tokens);
        const at::Tensor high = gradients[0].defined() ? gradients[0].contiguous() : none;
        const at::Tensor low =
            gradients.size() > 1 && gradients[1].defined() ? gradients[1].contiguous() : none;
        const float *g = high.defined() ? elements<float>(high) : nullptr;
        const auto *g_low = low.defined() ? elements<c10::BFloat16>(low) : nullptr;
        at::Tensor dx = at::empty(
            {tokens, width}, n.options().dtype(context->saved_data["low"].toBool() ? at::kBFloat16 : at::kFloat));
        at::Tensor dresidual = at::empty_like(n), sums;
        const float *lines = elements<float>(n), *inverse = elements<float>(saved[1]);
        const float *s = elements<float>(scale);
        float *dr = dresidual.mutable_data_ptr<float>();
        with_element_of(dx, [&](auto element) {
            using T = decltype(element);
            T *target = dx.mutable_data_ptr<T>();
            sums = sum_over_stripes(tokens, 3 * width, [&](int64_t first, int64_t last, float *part) {
                std::vector<float> total(static_cast<size_t>(width));
                Streams streams(rows, dropping.seed, first);
                for (int64_t token = first; token < last; ++token) {
                    const int64_t start = token * width;
                    dispatch<AddGradients>(g == nullptr ? nullptr : g + start,
                                           g_low == nullptr ? nullptr : g_low + start, total.data(), width);
                    const auto run = [&](auto kernel, Mask mask) {
                        dispatch<decltype(kernel)>(static_cast<const float *>(total.data()), lines + start, s,
                                                   inverse[token], target + start, dr + start, part, width, mask);
                    };
                    if (dropping.probability > 0) {
                        run(BackwardLine<T, true>(), mask_of(dropping, streams.of(token)));
                    } else {
                        run(BackwardLine<T, false>(), Mask{});
                    }
                }
            });
        });
        const auto part = [&](int64_t number) { return sums.narrow(0, number * width, width); };
        return {dx, part(2), dresidual, part(0), part(1), none, none, none, none, none, none};
    }
};

}  // namespace

bool has_add_norm_kernel(const AddNormInputs &inputs) {
    const auto is_float = [](const at::Tensor &x) { return x.scalar_type() == at::kFloat; };
    return has_kernel(inputs.x) && is_float(inputs.residual) && is_float(inputs.scale) && is_float(inputs.shift) &&
           (!inputs.bias.defined() || is_float(inputs.bias));
}

std::pair<at::Tensor, at::Tensor> add_norm_by_kernel(const AddNormInputs &given, const at::Tensor &starts,
                                                     const at::Tensor &keys, Dropping dropping, double epsilon,
                                                     bool wants_low) {
    const at::Tensor scale = given.scale.contiguous();
    const AddNormInputs inputs{given.x.contiguous(),
                               given.bias.defined() ? given.bias.contiguous() : at::zeros_like(scale),
                               given.residual.contiguous(), scale, given.shift.contiguous()};
    if (!at::GradMode::is_enabled()) {
        const PackedRows rows = packed_rows(starts, keys, inputs.x.size(0));
        const Outputs result = normalise(inputs, rows, dropping, epsilon, wants_low, false);
        return {result.y, result.low};
    }
    const auto results =
        AddNorm::apply(inputs.x, inputs.bias, inputs.residual, inputs.scale, inputs.shift, starts, keys,
                       dropping.probability, static_cast<int64_t>(dropping.seed), epsilon, wants_low);
    return {results[0], results.size() > 1 ? results[1] : at::Tensor()};
}

}  // namespace ctorch
