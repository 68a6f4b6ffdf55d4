// The span loss over packed rows: its two implementations, both differentiable in the logits.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// By the CPU kernel, in double precision inside.
at::Tensor span_loss_by_kernel(const at::Tensor &logits, const at::Tensor &starts, const at::Tensor &targets,
                               double divisor);

/// By libtorch's operations, on any device: nothing is read back, so the host need not wait. `targets` [B, 2] are on
/// the CPU.
at::Tensor span_loss_plain(const at::Tensor &logits, const PackedRows &rows, const at::Tensor &targets, double divisor);

/// The same of rows whose starts, int32 [B + 2], and targets, [B, 2], only the device knows. The last row counts as
/// nothing.
at::Tensor span_loss_in_form(const at::Tensor &logits, const at::Tensor &starts, const at::Tensor &targets,
                             int64_t longest, double divisor);

/// Refuses starts that are not an int32 vector of at least 2 numbers on the device of the logits, and no longest row.
void check_starts_in_form(const at::Tensor &starts, const at::Tensor &logits, int64_t longest);

}  // namespace ctorch
