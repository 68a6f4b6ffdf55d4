// The span loss by libtorch's operations.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// The span loss of `logits` [T, 2], on whatever device they are, without waiting for it; `targets` [B, 2] are on the CPU
/// and checked.
at::Tensor span_loss_from_operations(const at::Tensor &logits, const PackedRows &rows, const at::Tensor &targets,
                                     double divisor);

/// Checks logits and targets.
void check_span_loss(const at::Tensor &logits, const PackedRows &rows, const at::Tensor &targets, double divisor);

}  // namespace ctorch
