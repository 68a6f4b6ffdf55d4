// Dropout over packed rows by libtorch's operations, for devices without a kernel of ours.
//
// A mask is the same on every device, so the device's own generator does not draw it: the host computes a stream for
// each token, two numbers, and the device mixes them with the columns as `mask_bits` does. CUDA nevertheless draws
// its own masks: by estimate, these fifteen passes over [T, H] would take a third of a step there (decision 26).
#include "Dropout.hpp"

#include "../Kernels/Generator.hpp"
#include "../Kernels/Random.hpp"
#include "../Tensors/DeviceCopies.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bitwise_right_shift.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/native_dropout.h>
#include <ATen/ops/where.h>

#include <limits>
#include <tuple>

namespace ctorch {

namespace {

/// The lower halves of the tokens' streams, then the upper ones: int32 [2, T], on the CPU.
at::Tensor mask_streams(const PackedRows &rows, uint64_t seed) {
    const int64_t tokens = rows.starts[rows.count];
    at::Tensor result = at::empty({2, tokens}, at::TensorOptions().dtype(at::kInt));
    auto *data = result.mutable_data_ptr<int32_t>();
    for (int64_t row = 0; row < rows.count; ++row) {
        for (int64_t token = rows.starts[row]; token < rows.starts[row + 1]; ++token) {
            const uint64_t stream = mask_stream(seed, rows.keys[row], static_cast<uint64_t>(token - rows.starts[row]));
            data[token] = static_cast<int32_t>(static_cast<uint32_t>(stream));
            data[tokens + token] = static_cast<int32_t>(static_cast<uint32_t>(stream >> 32));
        }
    }
    return result;
}

/// 32 bits as the signed number that libtorch holds them in. Its sums and products of int32 wrap around, so their bits
/// are those of unsigned ones.
int64_t as_signed(uint32_t bits) { return static_cast<int32_t>(bits); }

/// x ^ (x >> count) with zeros shifted in; libtorch shifts the sign in.
void fold(at::Tensor &x, int count) {
    const int64_t below = (int64_t(1) << (32 - count)) - 1;
    x.bitwise_xor_(at::bitwise_right_shift(x, count).bitwise_and_(below));
}

}  // namespace

at::Tensor kept_elements(const at::Tensor &low, const at::Tensor &high, int64_t width, double probability) {
    at::Tensor x = at::arange(width, low.options()).mul_(as_signed(0x9E3779B9u)).unsqueeze(0) + low;  // [T, width]
    fold(x, 16);
    x.mul_(as_signed(0x7FEB352Du)).bitwise_xor_(high);
    fold(x, 15);
    x.mul_(as_signed(0x846CA68Bu));
    fold(x, 16);
    // With the first bit turned over, signed numbers compare as the unsigned ones did.
    constexpr int64_t sign = std::numeric_limits<int32_t>::min();
    return x.bitwise_xor_(sign).ge(as_signed(drop_threshold(probability) ^ 0x80000000u));
}

at::Tensor dropout_plain(const at::Tensor &x, const PackedRows &rows, double probability, uint64_t seed) {
    const at::Tensor streams = sent(mask_streams(rows, seed), x.device()).unsqueeze(2);  // [2, T, 1]
    const at::Tensor mask = kept_elements(streams[0], streams[1], x.size(1), probability);
    return at::where(mask, x * static_cast<float>(1.0 / (1.0 - probability)), 0);
}

at::Tensor dropout_by_device(const at::Tensor &x, const PackedRows &rows, double probability, uint64_t seed) {
    const SeededGenerator generator(x.device(), batch_seed(rows, seed));
    return std::get<0>(at::native_dropout(x, probability, /*train=*/true));
}

}  // namespace ctorch
