// The fused kernels' code compiled for the CPU: blocks run one after another, their threads side by side.
#pragma once

#include "../../Sources/CTorch/DeviceKernels/Launcher.hpp"

#include <atomic>

/// Starts the code of Sources/CTorch/DeviceKernels/*.inc on CPU tensors. One launch runs at a time.
class EmulatedDevice : public ctorch::KernelLauncher {
  public:
    void launch(ctorch::Element element, ctorch::Kernel kernel, const ctorch::Grid &grid,
                std::initializer_list<ctorch::Argument> arguments) override;

    /// How many kernels were started.
    int launches() const { return launches_; }

  private:
    std::atomic<int> launches_ = 0;
};

/// Whether bfloat16 by whole numbers is libtorch's, for every number and around every middle between two.
bool bfloat16_agrees();
