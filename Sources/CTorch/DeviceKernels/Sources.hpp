// The text of the fused kernels: CUDA C, compiled by NVRTC at run time.
//
// Each .inc file here holds `CT_DEVICE_SOURCE(name, code)`. This header makes texts of them; the tests define the macro
// to leave the code as it is, and compile it for the CPU (Tests/CTorchTests/EmulatedDevice.hpp). So the code uses
// threadIdx, blockIdx, blockDim, shared memory and __syncthreads, and besides only what a prelude defines: CT_KERNEL,
// CT_DEVICE, CT_DYNAMIC_SHARED, the bits of a float, float16, and the three functions of mathematics erff, expf, sqrtf.
#pragma once

#include "Launcher.hpp"

#include <string>

namespace ctorch {

/// The whole program for operands of a type, without anything to include.
std::string device_program(Element element);

}  // namespace ctorch
