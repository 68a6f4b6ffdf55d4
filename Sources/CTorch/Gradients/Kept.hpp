// Results that a checkpointed stretch keeps from its first run, because the second would come to others.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace ctorch {

using KeptResult = std::vector<at::Tensor>;

/// The kept results of one stretch, in the order of the operations that gave them.
struct KeptResults {
    std::vector<KeptResult> all;
    /// That of the next operation in the second run.
    size_t next = 0;
};

/// While it lives, this thread's operations put their results there or take them from there.
class Keeping {
  public:
    Keeping(KeptResults *results, bool again);
    ~Keeping();
    Keeping(const Keeping &) = delete;
    Keeping &operator=(const Keeping &) = delete;

  private:
    KeptResults *const results_before_;
    const bool again_before_;
};

/// What `compute` gives: computed, and in the second run of a stretch that keeps results the result of the first.
///
/// For operations whose masks come from the device's generator, which has gone on when a recorded pass draws all its
/// numbers from one seed. What is taken is not kept any longer.
KeptResult kept(const std::function<KeptResult()> &compute);

}  // namespace ctorch
