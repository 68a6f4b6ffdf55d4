// Masks from counters by libtorch's operations: a GPU's fused kernels draw the same bits (DeviceKernels/Random.inc).
#include "../Kernels/Random.hpp"
#include "Dropout.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bitwise_right_shift.h>

namespace ctorch {

namespace {

int64_t as_signed_long(uint64_t bits) { return static_cast<int64_t>(bits); }

/// x ^ (x >> count) with zeros shifted in; libtorch shifts the sign in.
void fold_long(at::Tensor &x, int count) {
    const int64_t below = (int64_t(1) << (64 - count)) - 1;
    x.bitwise_xor_(at::bitwise_right_shift(x, count).bitwise_and_(below));
}

/// `mix` of each number; libtorch's sums and products of int64 wrap around.
at::Tensor mixed(const at::Tensor &numbers) {
    at::Tensor x = numbers + as_signed_long(0x9E3779B97F4A7C15ull);
    fold_long(x, 30);
    x.mul_(as_signed_long(0xBF58476D1CE4E5B9ull));
    fold_long(x, 27);
    x.mul_(as_signed_long(0x94D049BB133111EBull));
    fold_long(x, 31);
    return x;
}

}  // namespace

at::Tensor drawn_elements(const Draw &draw, int64_t tokens, int64_t width, double probability) {
    const at::Tensor of_call = mixed(draw.seed.bitwise_xor(as_signed_long(mix(static_cast<uint64_t>(draw.call)))));
    const at::Tensor streams = mixed(at::arange(tokens, draw.seed.options()).bitwise_xor_(of_call)).unsqueeze(1);
    // The lower half as the signed number of its bits: every number fits its new type.
    const at::Tensor low = at::bitwise_right_shift(streams.bitwise_left_shift(32), 32).to(at::kInt);
    return kept_elements(low, at::bitwise_right_shift(streams, 32).to(at::kInt), width, probability);
}

}  // namespace ctorch
