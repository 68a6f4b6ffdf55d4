// GELU, by the error function, of a product and its bias: its kernels.
#pragma once

#include "../DeviceKernels/Launcher.hpp"

namespace ctorch {

/// `h` [T, O] is float32 or bfloat16 and `bias` [O] float32, both on the CPU.
at::Tensor bias_gelu_by_kernel(const at::Tensor &h, const at::Tensor &bias);

/// Whether a GPU's kernels take operands of these types.
bool has_device_bias_gelu(const at::Tensor &h, const at::Tensor &bias);

/// By a GPU's kernels.
at::Tensor bias_gelu_on_device(KernelLauncher &launcher, const at::Tensor &h, const at::Tensor &bias);

/// By libtorch's operations, in any type on any device.
at::Tensor bias_gelu_plain(const at::Tensor &h, const at::Tensor &bias);

}  // namespace ctorch
