// The device's own generator of random numbers, for kernels of libtorch's that draw from it.
#pragma once

#include "PackedRows.hpp"

#include <mutex>

namespace ctorch {

/// While it lives, the device's generator draws from a seed and serves this thread alone: the process has one
/// generator, and another thread that seeded it in the meantime would change the numbers. A kernel takes its numbers
/// when it is launched; nothing waits for the device. Between `ct_draws_begin` and `ct_draws_end` it does nothing: the
/// generator goes on with the numbers of that seed.
class SeededGenerator {
  public:
    SeededGenerator(at::Device where, uint64_t seed);

  private:
    std::unique_lock<std::mutex> lock_;
};

/// A seed for one batch: the first row's key tells the micro-batches of a step apart, which share its seed.
uint64_t batch_seed(const PackedRows &rows, uint64_t seed);

}  // namespace ctorch
