// The device's own generator of random numbers.
#include "Generator.hpp"

#include "Random.hpp"

#include <ATen/Context.h>

#include <memory>

namespace ctorch {

namespace {

std::mutex drawing;

/// What this thread holds between `ct_draws_begin` and `ct_draws_end`.
thread_local std::unique_ptr<SeededGenerator> draws;

}  // namespace

SeededGenerator::SeededGenerator(at::Device where, uint64_t seed) {
    if (draws != nullptr) return;
    lock_ = std::unique_lock(drawing);
    at::Generator generator = at::globalContext().defaultGenerator(where);
    const std::lock_guard lock(generator.mutex());
    generator.set_current_seed(seed);
}

uint64_t batch_seed(const PackedRows &rows, uint64_t seed) {
    return rows.keys == nullptr ? seed : mask_stream(seed, rows.keys[0], 0);
}

}  // namespace ctorch

using namespace ctorch;

CTStatus ct_draws_begin(CTDeviceKind kind, uint64_t seed) {
    return with_exception_boundary([&] {
        TORCH_CHECK(draws == nullptr, "this thread draws from one seed already");
        draws = std::make_unique<SeededGenerator>(device(kind), seed);
    });
}

void ct_draws_end(void) { draws.reset(); }
