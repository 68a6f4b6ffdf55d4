// GELU, by the error function, of a product and its bias: its CPU kernel.
#pragma once

#include "../Runtime/Handles.hpp"

namespace ctorch {

/// `h` [T, O] is float32 or bfloat16 and `bias` [O] float32, both on the CPU.
at::Tensor bias_gelu_by_kernel(const at::Tensor &h, const at::Tensor &bias);

}  // namespace ctorch
