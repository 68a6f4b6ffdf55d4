// The span loss by libtorch's operations, for devices: nothing is read back, so the host need not wait.
#include "SpanLoss.hpp"

#include "Copies.hpp"
#include "Padding.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>

#include <limits>

namespace ctorch {

at::Tensor span_loss_from_operations(const at::Tensor &logits, const PackedRows &rows, const at::Tensor &targets,
                                     double divisor) {
    const int64_t longest = rows.longest();
    // In double precision as the kernel, but for MPS, which has none.
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

using namespace ctorch;

CTStatus ct_packed_span_loss_reference(const CTTensor *logits, const CTTensor *row_starts, const CTTensor *targets,
                                       double row_divisor, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &value = unwrap(logits, "logits"), &chosen = unwrap(targets, "targets");
        const PackedRows rows = packed_rows(unwrap(row_starts, "row_starts"), at::Tensor(), value.size(0));
        check_span_loss(value, rows, chosen, row_divisor);
        return span_loss_from_operations(value, rows, chosen, row_divisor);
    });
}
