// Tensors, the run time and what kernels share.
// Files of one unit are compiled together (docs/decisions/0054-the-build.md).
#include "../Kernels/Generator.cpp"
#include "../Kernels/Padding.cpp"
#include "../Kernels/Threads.cpp"
#include "../Runtime/Boundary.cpp"
#include "../Runtime/CUDALoading.cpp"
#include "../Runtime/Determinism.cpp"
#include "../Runtime/Handles.cpp"
#include "../Runtime/HostMemory.cpp"
#include "../Runtime/System.cpp"
#include "../Tensors/DeviceCopies.cpp"
#include "../Tensors/Operations.cpp"
#include "../Tensors/Tensor.cpp"
