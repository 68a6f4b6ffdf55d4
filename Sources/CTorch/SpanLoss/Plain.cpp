// The span loss by libtorch's operations: what devices run, and what the kernel is tested against.
#include "../Kernels/Padding.hpp"
#include "../Tensors/DeviceCopies.hpp"
#include "SpanLoss.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>

#include <limits>

namespace ctorch {

namespace {

/// The loss of the first `count` of `rows` rows, whose tokens stand at `places` once all are padded to `longest`.
at::Tensor padded_loss(const at::Tensor &logits, const at::Tensor &places, const at::Tensor &targets, int64_t rows,
                       int64_t count, int64_t longest, double divisor) {
    // In double precision as in the kernel, except on MPS, which has none.
    const at::Tensor values = logits.to(logits.is_mps() ? at::kFloat : at::kDouble);
    // Padding, and not a reduction by row numbers: its gradient is a plain selection, the same in every run.
    const at::Tensor padded =
        at::full({rows * longest, 2}, -std::numeric_limits<double>::infinity(), values.options())
            .index_copy(0, places, values)
            .view({rows, longest, 2});
    const at::Tensor counted = count < rows ? padded.narrow(0, 0, count) : padded;
    const at::Tensor chosen = at::log_softmax(counted, 1).gather(1, targets.unsqueeze(1));  // [B, 1, 2]
    const at::Tensor loss = chosen.sum() / (-2 * divisor);
    return loss.to(logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}

}  // namespace

at::Tensor span_loss_plain(const at::Tensor &logits, const PackedRows &rows, const at::Tensor &targets,
                           double divisor) {
    return padded_loss(logits, sent(padded_places(rows), logits.device()), sent(targets, logits.device()), rows.count,
                       rows.count, rows.longest(), divisor);
}

at::Tensor span_loss_in_form(const at::Tensor &logits, const at::Tensor &starts, const at::Tensor &targets,
                             int64_t longest, double divisor) {
    return padded_loss(logits, padded_places(starts, logits.size(0), longest), targets, targets.size(0) + 1,
                       targets.size(0), longest, divisor);
}

}  // namespace ctorch
