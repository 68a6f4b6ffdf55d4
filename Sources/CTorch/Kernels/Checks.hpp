// What every operation checks before a kernel reads its operands through raw pointers.
#pragma once

#include "../Runtime/Handles.hpp"

namespace ctorch {

/// Checks that `x` is a dense floating-point tensor on the device of `other`.
inline void check_operand(const at::Tensor &x, const at::Tensor &other, const char *name) {
    TORCH_CHECK(x.is_floating_point() && x.layout() == at::kStrided, name,
                " must be a dense floating-point tensor, not ", x.toString(), " ", x.sizes());
    TORCH_CHECK(x.device() == other.device(), name, " is on ", x.device(), ", but another operand is on ",
                other.device());
}

/// Checks that `x` is a matrix as `check_operand` wants it.
inline void check_matrix(const at::Tensor &x, const at::Tensor &other, const char *name) {
    TORCH_CHECK(x.dim() == 2, name, " must be a matrix, not ", x.sizes());
    check_operand(x, other, name);
}

/// Checks that `x` is a vector of `size` elements as `check_operand` wants it.
inline void check_line(const at::Tensor &x, const at::Tensor &other, int64_t size, const char *name) {
    TORCH_CHECK(x.dim() == 1 && x.size(0) == size, name, " must be [", size, "], not ", x.sizes());
    check_operand(x, other, name);
}

inline void check_probability(double probability) {
    TORCH_CHECK(probability >= 0 && probability < 1, "a dropout probability must be at least 0 and below 1, not ",
                probability);
}

}  // namespace ctorch
