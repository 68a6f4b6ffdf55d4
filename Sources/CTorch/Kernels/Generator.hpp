// The device's own generator of random numbers, for kernels of libtorch's that draw from it.
#pragma once

#include "PackedRows.hpp"

#include <memory>
#include <mutex>
#include <optional>

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

/// Where the masks of one call come from that draws them from counters: from the number that `seed`, int64 [1] on the
/// device, holds when the device gets to it, and from the number of the call.
struct Draw {
    at::Tensor seed;
    int64_t call;
};

/// The next draw of this thread from its one seed for the device; none outside `ct_draws_begin` and `ct_draws_end`.
///
/// The tensor is the same in every pass, so that a recorded graph finds the seed of the pass in which it is started,
/// and calls are counted from 0 in each, so that a plain pass has the masks of a recorded one.
std::optional<Draw> next_draw(const at::Device &device);
/// Whether this thread draws from one seed for the device.
bool draws_from_one_seed(const at::Device &device);

struct DrawSource;

/// How far a thread has drawn from its one seed, for work that must draw the same numbers again on whatever thread; of
/// no seed outside `ct_draws_begin` and `ct_draws_end`.
struct DrawPosition {
    /// Where this thread is now.
    static DrawPosition now();

    /// Whether the thread drew from one seed.
    bool draws = false;
    std::weak_ptr<const DrawSource> source;
    int64_t calls = 0;
};

/// While it lives, this thread draws from a position on, of a seed, whose pass must not have ended.
class DrawsAgain {
  public:
    explicit DrawsAgain(const DrawPosition &position);
    ~DrawsAgain();
    DrawsAgain(const DrawsAgain &) = delete;
    DrawsAgain &operator=(const DrawsAgain &) = delete;

  private:
    std::shared_ptr<const DrawSource> source_;
    int64_t calls_ = 0;
};

/// A seed for one batch: the first row's key tells the micro-batches of a step apart, which share its seed.
uint64_t batch_seed(const PackedRows &rows, uint64_t seed);

}  // namespace ctorch
