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
#include <ATen/core/LegacyTypeDispatch.h>
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

/// Turns the scores of one head into dropped softmax weights, in place, and notes each line's log-sum-exp. The mask of a
/// line belongs to its number among the lines of all heads, which begin at `first_line`.
template <class T> struct SoftmaxDropout {
    static CT_INLINE void run(T *scores, T *logsumexp, int64_t first_line, int64_t length, T scale, int64_t row_key,
                              Mask mask) {
#pragma clang fp reassociate(on) contract(fast)
        for (int64_t line = 0; line < length; ++line) {
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
                const uint64_t stream = mask_stream(mask.seed, row_key, static_cast<uint64_t>(first_line + line));
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
    static CT_INLINE void run(T *scores, T *gradients, const T *logsumexp, int64_t first_line, int64_t length,
                              T scale, int64_t row_key, Mask mask) {
#pragma clang fp reassociate(on) contract(fast)
        for (int64_t line = 0; line < length; ++line) {
            T *s = scores + line * length;
            T *g = gradients + line * length;
            const T offset = logsumexp[line];
            const T keep = T(mask.keep_scale);
            const uint64_t stream = mask_stream(mask.seed, row_key, static_cast<uint64_t>(first_line + line));
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

/// Rows and heads of one pass, and where a piece of work begins.
///
/// The pieces are (head, row) with the heads outside: the threads then share every row, long or short, and stay level.
struct Work {
    const PackedRows &rows;
    int64_t heads;
    int64_t size;
    double scale;
    Mask mask;

    int64_t count() const { return heads * rows.count; }
    int64_t head(int64_t piece) const { return piece / rows.count; }
    int64_t row(int64_t piece) const { return piece % rows.count; }
    int64_t key(int64_t row) const { return rows.keys == nullptr ? 0 : rows.keys[row]; }
};

Work make_work(const PackedRows &rows, int64_t width, int64_t heads, double dropout, int64_t seed) {
    const int64_t size = width / heads;
    return {rows, heads, size, 1.0 / std::sqrt(static_cast<double>(size)),
            make_mask(static_cast<uint64_t>(seed), dropout)};
}

/// One head of one row of a [T, N * D] tensor: [L, D], in the type that the kernel computes in.
at::Tensor piece_of(const at::Tensor &x, const Work &work, int64_t piece, at::ScalarType type) {
    const int64_t row = work.row(piece);
    return x.narrow(0, work.rows.starts[row], work.rows.length(row))
        .narrow(1, work.head(piece) * work.size, work.size)
        .to(type);
}

/// Runs `body(piece, workspace)` for every piece, each thread with a workspace of `matrices` L x L matrices.
template <class T, class Body> void for_each_piece(const Work &work, int64_t matrices, const Body &body) {
    const int64_t longest = work.rows.longest();
    at::parallel_for(0, work.count(), 1, [&](int64_t first, int64_t last) {
        // Gradients are this kernel's own business, on the worker threads too.
        at::AutoDispatchBelowADInplaceOrView guard;
        const auto options = at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value);
        const at::Tensor workspace = at::empty({matrices, longest * longest}, options);
        for (int64_t piece = first; piece < last; ++piece) {
            body(piece, workspace);
        }
    });
}

/// The beginning of a workspace as an L x L matrix.
at::Tensor square(const at::Tensor &workspace, int64_t index, int64_t length) {
    return workspace[index].narrow(0, 0, length * length).view({length, length});
}

template <class T>
void forward_pieces(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const Work &work, at::Tensor &out,
                    at::Tensor &logsumexp) {
    const auto type = c10::CppTypeToScalarType<T>::value;
    T *sums = logsumexp.mutable_data_ptr<T>();
    for_each_piece<T>(work, 1, [&](int64_t piece, const at::Tensor &workspace) {
        const int64_t row = work.row(piece), head = work.head(piece), length = work.rows.length(row);
        at::Tensor scores = square(workspace, 0, length);
        at::mm_out(scores, piece_of(q, work, piece, type), piece_of(k, work, piece, type).t());
        T *line_sums = sums + work.heads * work.rows.starts[row] + head * length;
        dispatch<SoftmaxDropout<T>>(scores.mutable_data_ptr<T>(), line_sums, head * length, length,
                                    static_cast<T>(work.scale), work.key(row), work.mask);
        out.narrow(0, work.rows.starts[row], length)
            .narrow(1, head * work.size, work.size)
            .copy_(at::mm(scores, piece_of(v, work, piece, type)));
    });
}

struct Gradients {
    at::Tensor q, k, v;
};

template <class T>
void backward_pieces(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &out_gradient,
                     const Work &work, const at::Tensor &logsumexp, Gradients &result) {
    const auto type = c10::CppTypeToScalarType<T>::value;
    const T *sums = logsumexp.const_data_ptr<T>();
    for_each_piece<T>(work, 2, [&](int64_t piece, const at::Tensor &workspace) {
        const int64_t row = work.row(piece), head = work.head(piece), length = work.rows.length(row);
        const at::Tensor queries = piece_of(q, work, piece, type);
        const at::Tensor keys = piece_of(k, work, piece, type);
        const at::Tensor gradient = piece_of(out_gradient, work, piece, type);
        at::Tensor weights = square(workspace, 0, length), weight_gradients = square(workspace, 1, length);
        at::mm_out(weights, queries, keys.t());
        at::mm_out(weight_gradients, gradient, piece_of(v, work, piece, type).t());
        const T *line_sums = sums + work.heads * work.rows.starts[row] + head * length;
        dispatch<SoftmaxDropoutBackward<T>>(weights.mutable_data_ptr<T>(), weight_gradients.mutable_data_ptr<T>(),
                                            line_sums, head * length, length, static_cast<T>(work.scale),
                                            work.key(row), work.mask);
        const auto put = [&](const at::Tensor &target, const at::Tensor &value) {
            target.narrow(0, work.rows.starts[row], length).narrow(1, head * work.size, work.size).copy_(value);
        };
        put(result.v, at::mm(weights.t(), gradient));
        put(result.q, at::mm(weight_gradients, keys));
        put(result.k, at::mm(weight_gradients.t(), queries));
    });
}

class PackedAttention : public torch::autograd::Function<PackedAttention> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &q, const at::Tensor &k,
                              const at::Tensor &v, const at::Tensor &starts, const at::Tensor &keys, int64_t heads,
                              double dropout, int64_t seed) {
        const bool is_double = q.scalar_type() == at::kDouble;
        const PackedRows rows = packed_rows(starts, keys, q.size(0));
        const Work work = make_work(rows, q.size(1), heads, dropout, seed);
        at::Tensor out = at::empty_like(q);
        at::Tensor logsumexp = at::empty({q.size(0) * heads}, q.options().dtype(is_double ? at::kDouble : at::kFloat));
        if (is_double) {
            forward_pieces<double>(q, k, v, work, out, logsumexp);
        } else {
            forward_pieces<float>(q, k, v, work, out, logsumexp);
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
        const PackedRows rows = packed_rows(saved[3], saved[4], q.size(0));
        const Work work = make_work(rows, q.size(1), context->saved_data["heads"].toInt(),
                                    context->saved_data["dropout"].toDouble(), context->saved_data["seed"].toInt());
        Gradients result{at::empty_like(q), at::empty_like(k), at::empty_like(v)};
        const at::Tensor out_gradient = gradients[0].contiguous();
        if (q.scalar_type() == at::kDouble) {
            backward_pieces<double>(q, k, v, out_gradient, work, saved[5], result);
        } else {
            backward_pieces<float>(q, k, v, out_gradient, work, saved[5], result);
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
