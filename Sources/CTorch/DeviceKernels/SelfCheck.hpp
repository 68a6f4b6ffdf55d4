// Whether the fused kernels of a device compute what its plain operations do.
#pragma once

#include "Launcher.hpp"

#include <string>

namespace ctorch {

/// Runs all kernels on a few small inputs on the device. Returns "", or what is wrong.
/// - Throws: what the launcher throws.
std::string self_check(KernelLauncher &launcher, const at::Device &device);

}  // namespace ctorch
