// The CPU kernel of ct_packed_span_loss: two cross entropies a row, each over that row's own tokens.
//
// What it fuses and why it pays: the plain formula slices the logits of each row, and the gradient of every slice is a
// zero-filled copy of the whole batch; here each logit is read twice and its gradient written once.
#include "SpanLoss.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace ctorch {

namespace {

/// The loss, and its gradient for each logit written to `gradients`; in double precision: it is a sum over few numbers.
double loss_and_gradients(const double *logits, double *gradients, const int64_t *targets, const PackedRows &rows,
                          double divisor) {
    double total = 0;
    for (int64_t i = 0; i < 2 * rows.count; ++i) {
        const int64_t start = rows.starts[i / 2], length = rows.length(i / 2), column = i % 2;
        const double *x = logits + 2 * start + column;
        double most = x[0], sum = 0;
        for (int64_t j = 1; j < length; ++j) {
            most = std::max(most, x[2 * j]);
        }
        for (int64_t j = 0; j < length; ++j) {
            sum += std::exp(x[2 * j] - most);
        }
        const double logsumexp = most + std::log(sum);
        total += (logsumexp - x[2 * targets[i]]) / (2 * divisor);
        double *g = gradients + 2 * start + column;
        for (int64_t j = 0; j < length; ++j) {
            g[2 * j] = std::exp(x[2 * j] - logsumexp) / (2 * divisor);
        }
        g[2 * targets[i]] -= 1 / (2 * divisor);
    }
    return total;
}

class PackedSpanLoss : public torch::autograd::Function<PackedSpanLoss> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &logits,
                              const at::Tensor &starts, const at::Tensor &targets, double divisor) {
        const PackedRows rows = packed_rows(starts, at::Tensor(), logits.size(0));
        const at::Tensor values = logits.to(at::kDouble).contiguous();
        at::Tensor gradients = at::empty_like(values);
        const double loss = loss_and_gradients(elements<double>(values), gradients.mutable_data_ptr<double>(),
                                               elements<int64_t>(targets), rows, divisor);
        context->save_for_backward({gradients.to(logits.options())});
        const auto type = logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
        return at::full({}, loss, logits.options().dtype(type));
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const at::Tensor saved = context->get_saved_variables()[0];
        const at::Tensor none;
        return {saved * gradients[0].to(saved.scalar_type()), none, none, none};
    }
};

}  // namespace

at::Tensor span_loss_by_kernel(const at::Tensor &logits, const at::Tensor &starts, const at::Tensor &targets,
                               double divisor) {
    return PackedSpanLoss::apply(logits, starts, targets, divisor);
}

}  // namespace ctorch
