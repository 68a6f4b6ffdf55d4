// The device's own generator of random numbers.
#include "Generator.hpp"

#include "Random.hpp"

#include <ATen/Context.h>

namespace ctorch {

namespace {

std::mutex drawing;

}  // namespace

SeededGenerator::SeededGenerator(at::Device where, uint64_t seed) : lock_(drawing) {
    at::Generator generator = at::globalContext().defaultGenerator(where);
    const std::lock_guard lock(generator.mutex());
    generator.set_current_seed(seed);
}

uint64_t batch_seed(const PackedRows &rows, uint64_t seed) {
    return rows.keys == nullptr ? seed : mask_stream(seed, rows.keys[0], 0);
}

}  // namespace ctorch
