// ct_packed_span_loss: the CPU kernel on the CPU, libtorch's operations elsewhere.
#include "SpanLoss.hpp"

#include "../Graphs/DevicePath.hpp"

#include <cmath>

using namespace ctorch;

namespace {

struct SpanLossInputs {
    at::Tensor logits, starts, targets;
    PackedRows rows;
};

SpanLossInputs checked_inputs(const CTTensor *logits_handle, const CTTensor *row_starts, const CTTensor *targets_handle,
                              double divisor) {
    const at::Tensor &logits = unwrap(logits_handle, "logits"), &starts = unwrap(row_starts, "row_starts");
    const at::Tensor &targets = unwrap(targets_handle, "targets");
    check_matrix(logits, logits, "logits");
    TORCH_CHECK(logits.size(1) == 2, "logits must be [T, 2], not ", logits.sizes());
    TORCH_CHECK(divisor > 0 && std::isfinite(divisor), "row_divisor must be positive, not ", divisor);
    const PackedRows rows = packed_rows(starts, at::Tensor(), logits.size(0));
    TORCH_CHECK(targets.dim() == 2 && targets.size(0) == rows.count && targets.size(1) == 2 &&
                    targets.scalar_type() == at::kLong && targets.is_cpu() && targets.is_contiguous(),
                "targets must be a contiguous int64 tensor [", rows.count, ", 2] on the CPU, not ",
                targets.toString(), " ", targets.sizes());
    const int64_t *target = elements<int64_t>(targets);
    for (int64_t i = 0; i < 2 * rows.count; ++i) {
        TORCH_CHECK(target[i] >= 0 && target[i] < rows.length(i / 2), "the target ", target[i], " is outside row ",
                    i / 2, " of ", rows.length(i / 2), " tokens");
    }
    return {logits, starts, targets, rows};
}

}  // namespace

CTStatus ct_packed_span_loss(const CTTensor *logits, const CTTensor *row_starts, const CTTensor *targets,
                             double row_divisor, CTTensor **out) {
    return make_tensor(out, [&] {
        const SpanLossInputs x = checked_inputs(logits, row_starts, targets, row_divisor);
        return x.logits.is_cpu() && !walks_device_path()
                   ? span_loss_by_kernel(x.logits, x.starts, x.targets, row_divisor)
                   : span_loss_plain(x.logits, x.rows, x.targets, row_divisor);
    });
}

CTStatus ct_packed_span_loss_plain(const CTTensor *logits, const CTTensor *row_starts, const CTTensor *targets,
                                   double row_divisor, CTTensor **out) {
    return make_tensor(out, [&] {
        const SpanLossInputs x = checked_inputs(logits, row_starts, targets, row_divisor);
        return span_loss_plain(x.logits, x.rows, x.targets, row_divisor);
    });
}

CTStatus ct_packed_span_loss_in_form(const CTTensor *logits, const CTTensor *starts, const CTTensor *targets,
                                     int64_t longest, double row_divisor, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &values = unwrap(logits, "logits"), &begins = unwrap(starts, "starts");
        const at::Tensor &chosen = unwrap(targets, "targets");
        check_matrix(values, values, "logits");
        TORCH_CHECK(values.size(1) == 2, "logits must be [T, 2], not ", values.sizes());
        TORCH_CHECK(row_divisor > 0 && std::isfinite(row_divisor), "row_divisor must be positive, not ", row_divisor);
        TORCH_CHECK(chosen.dim() == 2 && chosen.size(1) == 2 && chosen.scalar_type() == at::kLong &&
                        chosen.layout() == at::kStrided && chosen.device() == values.device(),
                    "targets must be int64 [B, 2] on ", values.device(), ", not ", chosen.toString(), " ",
                    chosen.sizes());
        check_starts_in_form(begins, values, longest);
        TORCH_CHECK(begins.numel() == chosen.size(0) + 2, "starts must be int32 [", chosen.size(0) + 2, "], not ",
                    begins.sizes());
        return span_loss_in_form(values, begins, chosen, longest, row_divisor);
    });
}

namespace ctorch {

void check_starts_in_form(const at::Tensor &starts, const at::Tensor &logits, int64_t longest) {
    TORCH_CHECK(longest >= 1, "the longest row must have at least 1 token, not ", longest);
    TORCH_CHECK(starts.dim() == 1 && starts.numel() >= 2 && starts.scalar_type() == at::kInt &&
                    starts.layout() == at::kStrided && starts.device() == logits.device(),
                "starts must be an int32 vector on ", logits.device(), ", not ", starts.toString(), " ",
                starts.sizes());
}

}  // namespace ctorch
