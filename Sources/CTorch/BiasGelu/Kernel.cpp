// The CPU kernel of ct_bias_gelu: x = h + b, y = x Φ(x), with Φ by the error function.
//
// What it fuses and why it pays: one pass over the numbers adds the bias, computes the function and its derivative
// and sums the gradient of the bias; a library's operations make four passes.
#include "../Kernels/Vector.hpp"
#include "BiasGelu.hpp"

#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctorch {

namespace {

struct Normal {
    float cumulative, density;
};

/// The standard normal distribution at x, to 1e-7.
/// - Source: Abramowitz and Stegun 1964, formula 7.1.26.
CT_INLINE Normal normal(float x) {
    const float z = __builtin_fabsf(x) * 0.70710678f, power = exp_of_nonpositive(-z * z);
    const float t = 1.0f / (1.0f + 0.3275911f * z);
    float tail = 1.061405429f;
    tail = tail * t - 1.453152027f;
    tail = tail * t + 1.421413741f;
    tail = tail * t - 0.284496736f;
    tail = tail * t + 0.254829592f;
    tail = 0.5f * tail * t * power;
    return {x < 0 ? tail : 1.0f - tail, 0.39894228f * power};
}

template <class T> struct Forward {
    static CT_INLINE void run(const T *__restrict h, const float *__restrict bias, T *__restrict out, int64_t lines,
                              int64_t width) {
        for (int64_t line = 0; line < lines; ++line) {
            for (int64_t j = 0; j < width; ++j) {
                const float x = static_cast<float>(h[line * width + j]) + bias[j];
                out[line * width + j] = static_cast<T>(x * normal(x).cumulative);
            }
        }
    }
};

template <class T> struct Backward {
    static CT_INLINE void run(const T *__restrict h, const float *__restrict bias, const T *__restrict gradient,
                              T *__restrict out, float *__restrict sums, int64_t lines, int64_t width) {
        for (int64_t line = 0; line < lines; ++line) {
            for (int64_t j = 0; j < width; ++j) {
                const int64_t i = line * width + j;
                const float x = static_cast<float>(h[i]) + bias[j];
                const Normal at = normal(x);
                const float slope = static_cast<float>(gradient[i]) * (at.cumulative + x * at.density);
                out[i] = static_cast<T>(slope);
                sums[j] += slope;
            }
        }
    }
};

at::Tensor bias_gelu(const at::Tensor &h, const at::Tensor &bias) {
    at::Tensor out = at::empty_like(h);
    const int64_t width = h.size(1);
    const float *b = elements<float>(bias);
    with_element_of(h, [&](auto element) {
        using T = decltype(element);
        const T *in = elements<T>(h);
        T *result = out.mutable_data_ptr<T>();
        for_each_stripe(h.size(0), [&](int64_t first, int64_t last) {
            dispatch<Forward<T>>(in + first * width, b, result + first * width, last - first, width);
        });
    });
    return out;
}

class BiasGelu : public torch::autograd::Function<BiasGelu> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &h,
                              const at::Tensor &bias) {
        context->save_for_backward({h, bias});
        return bias_gelu(h, bias);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &h = saved[0], gradient = gradients[0].contiguous();
        at::Tensor out = at::empty_like(h), bias_gradient;
        const int64_t width = h.size(1);
        const float *b = elements<float>(saved[1]);
        with_element_of(h, [&](auto element) {
            using T = decltype(element);
            const T *in = elements<T>(h), *slopes = elements<T>(gradient);
            T *result = out.mutable_data_ptr<T>();
            bias_gradient = sum_over_stripes(h.size(0), width, [&](int64_t first, int64_t last, float *sums) {
                const int64_t start = first * width;
                dispatch<Backward<T>>(in + start, b, slopes + start, result + start, sums, last - first, width);
            });
        });
        return {out, bias_gradient};
    }
};

}  // namespace

at::Tensor bias_gelu_by_kernel(const at::Tensor &h, const at::Tensor &bias) {
    return BiasGelu::apply(h.contiguous(), bias.contiguous());
}

}  // namespace ctorch
