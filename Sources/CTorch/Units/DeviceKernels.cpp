// The fused kernels of a GPU: their text, its compiler, and what starts them.
// Files of one unit are compiled together (docs/decisions/0054-the-build.md).
#include "../DeviceKernels/Cache.cpp"
#include "../DeviceKernels/Compiler.cpp"
#include "../DeviceKernels/Driver.cpp"
#include "../DeviceKernels/Kernels.cpp"
#include "../DeviceKernels/Launcher.cpp"
#include "../DeviceKernels/SelfCheck.cpp"
#include "../DeviceKernels/Sources.cpp"
