// The span loss by libtorch's operations: what devices run, and what the kernel is tested against.
#include "../Kernels/Padding.hpp"
#include "../Tensors/DeviceCopies.hpp"
#include "SpanLoss.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>

#include <limits>

namespace ctorch {

at::Tensor span_loss_plain(const at::Tensor &logits, const PackedRows &rows, const at::Tensor &targets,
                           double divisor) {
    const int64_t longest = rows.longest();
    // In double precision as in the kernel, except on MPS, which has none.
    const at::Tensor values = logits.to(logits.is_mps() ? at::kFloat : at::kDouble);
    // Padding, and not a reduction by row numbers: its gradient is a plain selection, the same in every run.
    const at::Tensor padded =
        at::full({rows.count * longest, 2}, -std::numeric_limits<double>::infinity(), values.options())
            .index_copy(0, sent(padded_places(rows), logits.device()), values)
            .view({rows.count, longest, 2});
    const at::Tensor chosen =
        at::log_softmax(padded, 1).gather(1, sent(targets, logits.device()).unsqueeze(1));  // [B, 1, 2]
    const at::Tensor loss = chosen.sum() / (-2 * divisor);
    return loss.to(logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}

}  // namespace ctorch
