// Self-attention over packed rows, forward and backward, with dropout on the attention weights.
//
// Legend: T tokens in all rows, L tokens in one row, N heads, D the size of a head.
//
// What it fuses and why it pays: softmax, dropout and (in the backward pass) their gradients run in one pass over the
// L x L weights of each head while they are in the cache, no mask is stored, and nothing is computed for padding.
// libtorch's CPU flash attention refuses dropout and needs rows of one length. The matrix products are libtorch's.
#include "PackedRows.hpp"
#include "Random.hpp"
#include "Simd.hpp"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

namespace ctorch {

namespace {

/// e^x for x <= 0, to about one unit in the last place: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2].
CT_INLINE float exponential(float x) {
    x = x < -87.0f ? -87.0f : x;
    const float n = __builtin_floorf(x * 1.44269504f + 0.5f);
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
    float power;
    __builtin_memcpy(&power, &bits, sizeof power);
    return p * power;
}

CT_INLINE double exponential(double x) { return std::exp(x); }

/// Constant over one call of a kernel.
struct Mask {
    uint64_t seed;
    uint32_t threshold;
    double keep_scale;
};

Mask make_mask(uint64_t seed, double dropout) { return {seed, drop_threshold(dropout), 1.0 / (1.0 - dropout)}; }

/// Turns lines of scores into dropped softmax weights, in place, and notes each line's log-sum-exp.
template <class T> struct SoftmaxDropout {
    static CT_INLINE void run(T *scores, T *logsumexp, int64_t first, int64_t last, int64_t length, T scale,
                              int64_t row_key, Mask mask) {
#pragma clang fp reassociate(on) contract(fast)
        for (int64_t line = first; line < last; ++line) {
            T *s = scores + line * length;
            T most = s[0];
            for (int64_t j = 1; j < length; ++j) {
                most = s[j] > most ? s[j] : most;
            }
            T sum = 0;
            for (int64_t j = 0; j < length; ++j) {
                s[j] = exponential((s[j] - most) * scale);
                sum += s[j];
            }
            logsumexp[line] = most * scale + std::log(sum);
            if (mask.threshold == 0) {
                const T factor = T(1) / sum;
                for (int64_t j = 0; j < length; ++j) {
                    s[j] *= factor;
                }
            } else {
                const T factor = T(mask.keep_scale) / sum;
                const uint64_t stream = mask_stream(mask.seed, row_key, static_cast<uint64_t>(line));
                for (int64_t j = 0; j < length; ++j) {
                    const bool kept = mask_bits(stream, static_cast<uint32_t>(j)) >= mask.threshold;
                    s[j] = kept ? s[j] * factor : T(0);
                }
            }
        }
    }
};

/// From scores and the gradient of the dropped weights: the dropped weights (into `scores`) and the gradient of the
/// scores before scaling (into `gradients`).
template <class T> struct SoftmaxDropoutBackward {
    static CT_INLINE void run(T *scores, T *gradients, const T *logsumexp, int64_t first, int64_t last,
                              int64_t length, T scale, int64_t row_key, Mask mask) {
#pragma clang fp reassociate(on) contract(fast)
        for (int64_t line = first; line < last; ++line) {
            T *s = scores + line * length;
            T *g = gradients + line * length;
            const T offset = logsumexp[line];
            const T keep = T(mask.keep_scale);
            const uint64_t stream = mask_stream(mask.seed, row_key, static_cast<uint64_t>(line));
            T delta = 0;
            for (int64_t j = 0; j < length; ++j) {
                s[j] = exponential(s[j] * scale - offset);
            }
            if (mask.threshold == 0) {
                for (int64_t j = 0; j < length; ++j) {
                    delta += s[j] * g[j];
                }
            } else {
                for (int64_t j = 0; j < length; ++j) {
                    const bool kept = mask_bits(stream, static_cast<uint32_t>(j)) >= mask.threshold;
                    g[j] = kept ? g[j] * keep : T(0);
                    delta += s[j] * g[j];
                }
            }
            for (int64_t j = 0; j < length; ++j) {
                g[j] = s[j] * (g[j] - delta) * scale;
            }
            if (mask.threshold != 0) {
                for (int64_t j = 0; j < length; ++j) {
                    const bool kept = mask_bits(stream, static_cast<uint32_t>(j)) >= mask.threshold;
                    s[j] = kept ? s[j] * keep : T(0);
                }
            }
        }
    }
};

/// One row of a [T, N * D] tensor as [N, L, D] in the type that the kernel computes in.
at::Tensor heads_of_row(const at::Tensor &x, int64_t start, int64_t length, int64_t heads, at::ScalarType type) {
    const int64_t size = x.size(1) / heads;
    return x.narrow(0, start, length).view({length, heads, size}).transpose(0, 1).to(type).contiguous();
}

/// Writes [N, L, D] into a row of a [T, N * D] tensor.
void put_heads(const at::Tensor &target, int64_t start, const at::Tensor &heads) {
    const int64_t length = heads.size(1);
    target.narrow(0, start, length).view({length, heads.size(0), heads.size(2)}).copy_(heads.transpose(0, 1));
}

/// Lines of the L x L weights that one thread takes at a time.
int64_t line_grain(int64_t length) { return std::max<int64_t>(1, 16384 / length); }

struct Shape {
    int64_t heads;
    double scale;
    double dropout;
    uint64_t seed;
};

template <class T>
void forward_rows(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const PackedRows &rows,
                  const Shape &shape, at::Tensor &out, at::Tensor &logsumexp) {
    const auto type = c10::CppTypeToScalarType<T>::value;
    const Mask mask = make_mask(shape.seed, shape.dropout);
    const int64_t longest = rows.longest();
    const at::Tensor workspace = at::empty({shape.heads * longest * longest}, q.options().dtype(type));
    T *sums = logsumexp.mutable_data_ptr<T>();
    for (int64_t row = 0; row < rows.count; ++row) {
        const int64_t start = rows.starts[row], length = rows.length(row);
        const at::Tensor keys = heads_of_row(k, start, length, shape.heads, type);
        at::Tensor scores = workspace.narrow(0, 0, shape.heads * length * length).view({shape.heads, length, length});
        at::bmm_out(scores, heads_of_row(q, start, length, shape.heads, type), keys.transpose(1, 2));
        T *data = scores.mutable_data_ptr<T>();
        T *line_sums = sums + shape.heads * start;
        const int64_t key = rows.keys == nullptr ? 0 : rows.keys[row];
        at::parallel_for(0, shape.heads * length, line_grain(length), [&](int64_t first, int64_t last) {
            dispatch<SoftmaxDropout<T>>(data, line_sums, first, last, length, static_cast<T>(shape.scale), key, mask);
        });
        put_heads(out, start, at::bmm(scores, heads_of_row(v, start, length, shape.heads, type)));
    }
}

struct Gradients {
    at::Tensor q, k, v;
};

template <class T>
void backward_rows(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &out_gradient,
                   const PackedRows &rows, const Shape &shape, const at::Tensor &logsumexp, Gradients &result) {
    const auto type = c10::CppTypeToScalarType<T>::value;
    const Mask mask = make_mask(shape.seed, shape.dropout);
    const int64_t longest = rows.longest();
    const at::Tensor workspace = at::empty({2, shape.heads * longest * longest}, q.options().dtype(type));
    const T *sums = logsumexp.const_data_ptr<T>();
    for (int64_t row = 0; row < rows.count; ++row) {
        const int64_t start = rows.starts[row], length = rows.length(row), cells = shape.heads * length * length;
        const at::Tensor queries = heads_of_row(q, start, length, shape.heads, type);
        const at::Tensor keys = heads_of_row(k, start, length, shape.heads, type);
        const at::Tensor values = heads_of_row(v, start, length, shape.heads, type);
        const at::Tensor gradient = heads_of_row(out_gradient, start, length, shape.heads, type);
        at::Tensor weights = workspace[0].narrow(0, 0, cells).view({shape.heads, length, length});
        at::Tensor weight_gradients = workspace[1].narrow(0, 0, cells).view({shape.heads, length, length});
        at::bmm_out(weights, queries, keys.transpose(1, 2));
        at::bmm_out(weight_gradients, gradient, values.transpose(1, 2));
        T *s = weights.mutable_data_ptr<T>();
        T *g = weight_gradients.mutable_data_ptr<T>();
        const T *line_sums = sums + shape.heads * start;
        const int64_t key = rows.keys == nullptr ? 0 : rows.keys[row];
        at::parallel_for(0, shape.heads * length, line_grain(length), [&](int64_t first, int64_t last) {
            dispatch<SoftmaxDropoutBackward<T>>(s, g, line_sums, first, last, length, static_cast<T>(shape.scale), key,
                                                mask);
        });
        put_heads(result.v, start, at::bmm(weights.transpose(1, 2), gradient));
        put_heads(result.q, start, at::bmm(weight_gradients, keys));
        put_heads(result.k, start, at::bmm(weight_gradients.transpose(1, 2), queries));
    }
}

class PackedAttention : public torch::autograd::Function<PackedAttention> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &q, const at::Tensor &k,
                              const at::Tensor &v, const at::Tensor &starts, const at::Tensor &keys, int64_t heads,
                              double dropout, int64_t seed) {
        const Shape shape{heads, 1.0 / std::sqrt(static_cast<double>(q.size(1) / heads)), dropout,
                          static_cast<uint64_t>(seed)};
        const bool is_double = q.scalar_type() == at::kDouble;
        const PackedRows rows = packed_rows(starts, keys, q.size(0));
        at::Tensor out = at::empty_like(q);
        at::Tensor logsumexp = at::empty({q.size(0) * heads}, q.options().dtype(is_double ? at::kDouble : at::kFloat));
        if (is_double) {
            forward_rows<double>(q, k, v, rows, shape, out, logsumexp);
        } else {
            forward_rows<float>(q, k, v, rows, shape, out, logsumexp);
        }
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
        const int64_t heads = context->saved_data["heads"].toInt();
        const Shape shape{heads, 1.0 / std::sqrt(static_cast<double>(q.size(1) / heads)),
                          context->saved_data["dropout"].toDouble(),
                          static_cast<uint64_t>(context->saved_data["seed"].toInt())};
        const PackedRows rows = packed_rows(saved[3], saved[4], q.size(0));
        Gradients result{at::empty_like(q), at::empty_like(k), at::empty_like(v)};
        const at::Tensor out_gradient = gradients[0].contiguous();
        if (q.scalar_type() == at::kDouble) {
            backward_rows<double>(q, k, v, out_gradient, rows, shape, saved[5], result);
        } else {
            backward_rows<float>(q, k, v, out_gradient, rows, shape, saved[5], result);
        }
        const at::Tensor none;
        return {result.q, result.k, result.v, none, none, none, none, none};
    }
};

/// The kept positions of one row's attention weights, [N, L, L], already divided by the share that is kept.
at::Tensor attention_mask(int64_t length, int64_t heads, int64_t row_key, double dropout, uint64_t seed) {
    at::Tensor result = at::empty({heads, length, length}, at::TensorOptions().dtype(at::kDouble));
    double *data = result.mutable_data_ptr<double>();
    const Mask mask = make_mask(seed, dropout);
    for (int64_t line = 0; line < heads * length; ++line) {
        const uint64_t stream = mask_stream(seed, row_key, static_cast<uint64_t>(line));
        for (int64_t j = 0; j < length; ++j) {
            const bool kept = mask_bits(stream, static_cast<uint32_t>(j)) >= mask.threshold;
            data[line * length + j] = kept ? mask.keep_scale : 0.0;
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

}  // namespace

}  // namespace ctorch

using namespace ctorch;

CTStatus ct_packed_attention(const CTTensor *q, const CTTensor *k, const CTTensor *v, const CTTensor *row_starts,
                             const CTTensor *row_keys, int32_t heads, double dropout, uint64_t seed, CTTensor **out) {
    if (q != nullptr && !q->value.is_cpu()) {
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
