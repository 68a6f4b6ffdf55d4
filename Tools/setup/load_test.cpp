// Proves that a libtorch compiles, links, loads and multiplies: prints its version.
#include <ATen/core/Tensor.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <torch/version.h>

#include <cstdio>

int main() {
    const auto product = at::mm(at::ones({3, 5}), at::ones({5, 2}));
    if (product.size(0) != 3 || product.size(1) != 2 || product.sum().item<float>() != 30.0f) return 1;
    std::printf("%d.%d.%d\n", TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, TORCH_VERSION_PATCH);
}
