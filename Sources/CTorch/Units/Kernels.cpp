// Kernels that need nothing of libtorch but its bfloat16.
// Files of one unit are compiled together (docs/decisions/0054-the-build.md).
#include "../Attention/Kernels.cpp"
#include "../Kernels/Simd.cpp"
