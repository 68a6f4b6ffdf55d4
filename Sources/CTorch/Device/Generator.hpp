// The device's own generator of random numbers, for kernels of libtorch's that draw from it.
#pragma once

#include "../Kernels/PackedRows.hpp"

namespace ctorch {

/// Seeds the generator that the next kernel on the device draws from; nothing waits for the device.
void seed_generator(at::Device where, uint64_t seed);

/// A seed for one batch: the first row's key tells the micro-batches of a step apart, which share its seed.
uint64_t batch_seed(const PackedRows &rows, uint64_t seed);

}  // namespace ctorch
