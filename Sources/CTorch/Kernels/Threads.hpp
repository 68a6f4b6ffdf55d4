// Loops shared among libtorch's own threads.
//
// at::parallel_for is a template whose pragmas need a compiler with OpenMP switched on; compiled without, as Swift's
// packages are, it silently runs on one thread. The team that libtorch's operations run on is entered here instead
// through the run-time library that libtorch has loaded, so that no second pool competes for the cores.
#pragma once

#include <cstdint>
#include <functional>

namespace ctorch {

/// Runs `body` on each thread of the team at once, at most `most` of them, and waits for all. Inside another parallel
/// region, or where there is no team, it runs once on this thread. An exception of any of them is thrown here.
void run_team(int64_t most, const std::function<void()> &body);

/// Runs a worker for every number below `count`. Each thread makes a worker of its own by `make_worker()`, and takes
/// the next number that is left, so that long and short pieces even out.
void for_each_piece(int64_t count, const std::function<std::function<void(int64_t)>()> &make_worker);

}  // namespace ctorch
