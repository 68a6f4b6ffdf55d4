#include "EmulatedDevice.hpp"

#include <algorithm>
#include <barrier>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <thread>
#include <tuple>
#include <vector>

namespace {

// What a GPU gives to a kernel.

struct Index {
    unsigned x;
};

thread_local Index threadIdx, blockIdx;
Index blockDim;
std::unique_ptr<std::barrier<>> block_barrier;
/// Exactly as many numbers as the launch asked for, so that AddressSanitizer sees one too many.
std::unique_ptr<float[]> shared_numbers;

void __syncthreads() { block_barrier->arrive_and_wait(); }

unsigned bits_of_float(float x) { return std::bit_cast<unsigned>(x); }
float float_of_bits(unsigned x) { return std::bit_cast<float>(x); }
float from_float16(unsigned short x) { return static_cast<float>(c10::Half(x, c10::Half::from_bits())); }
unsigned short to_float16(float x) { return c10::Half(x).x; }

#define CT_DEVICE_SOURCE(name, ...) __VA_ARGS__
#define CT_KERNEL [[maybe_unused]] inline
#define CT_DEVICE [[maybe_unused]] inline
#define CT_DYNAMIC_SHARED(name) float *const name = shared_numbers.get()
#define __shared__ static

#include "../../Sources/CTorch/DeviceKernels/Bfloat16.inc"
#include "../../Sources/CTorch/DeviceKernels/Random.inc"
#include "../../Sources/CTorch/DeviceKernels/Sums.inc"

static_assert(most_threads == ctorch::most_block_threads);

namespace for_float32 {
#include "../../Sources/CTorch/DeviceKernels/ElementFloat32.inc"

#include "../../Sources/CTorch/DeviceKernels/AddNorm.inc"
#include "../../Sources/CTorch/DeviceKernels/BiasGelu.inc"
}  // namespace for_float32
namespace for_bfloat16 {
#include "../../Sources/CTorch/DeviceKernels/ElementBfloat16.inc"

#include "../../Sources/CTorch/DeviceKernels/AddNorm.inc"
#include "../../Sources/CTorch/DeviceKernels/BiasGelu.inc"
}  // namespace for_bfloat16
namespace for_float16 {
#include "../../Sources/CTorch/DeviceKernels/ElementFloat16.inc"

#include "../../Sources/CTorch/DeviceKernels/AddNorm.inc"
#include "../../Sources/CTorch/DeviceKernels/BiasGelu.inc"
}  // namespace for_float16

using Arguments = std::initializer_list<ctorch::Argument>;
using Body = std::function<void()>;

template <class Parameter> Parameter value_of(const ctorch::Argument &argument) {
    TORCH_CHECK(argument.size == sizeof(Parameter), "an argument has ", argument.size, " bytes, not ",
                sizeof(Parameter));
    Parameter value;
    std::memcpy(&value, &argument.pointer, sizeof value);
    return value;
}

/// A kernel with its arguments.
template <class... Parameters> Body bound(void (*kernel)(Parameters...), Arguments arguments) {
    TORCH_CHECK(arguments.size() == sizeof...(Parameters), "a kernel takes ", sizeof...(Parameters), " arguments, not ",
                arguments.size());
    const ctorch::Argument *next = arguments.begin();
    const std::tuple<Parameters...> values{value_of<Parameters>(*next++)...};
    return [=] { std::apply(kernel, values); };
}

#define BODIES(type)                                                                                                  \
    switch (kernel) {                                                                                                 \
    case ctorch::Kernel::add_norm_forward: return bound(type::add_norm_forward, arguments);                           \
    case ctorch::Kernel::add_norm_backward: return bound(type::add_norm_backward, arguments);                         \
    case ctorch::Kernel::bias_gelu_forward: return bound(type::bias_gelu_forward, arguments);                         \
    case ctorch::Kernel::bias_gelu_backward: return bound(type::bias_gelu_backward, arguments);                       \
    case ctorch::Kernel::sum_of_parts: return bound(sum_of_parts, arguments);                                         \
    }

Body body(ctorch::Element element, ctorch::Kernel kernel, Arguments arguments) {
    switch (element) {
    case ctorch::Element::float32: BODIES(for_float32) break;
    case ctorch::Element::bfloat16: BODIES(for_bfloat16) break;
    case ctorch::Element::float16: BODIES(for_float16) break;
    }
    TORCH_CHECK(false, "there is no such kernel");
}

/// What a thread of every block does, all blocks in turn.
void run_thread(unsigned number, int64_t blocks, int64_t shared_floats, const Body &body) {
    threadIdx.x = number;
    for (int64_t block = 0; block < blocks; ++block) {
        blockIdx.x = static_cast<unsigned>(block);
        // Shared memory begins with anything.
        if (number == 0) std::fill_n(shared_numbers.get(), shared_floats, std::nanf(""));
        __syncthreads();
        body();
        __syncthreads();
    }
}

}  // namespace

void EmulatedDevice::launch(ctorch::Element element, ctorch::Kernel kernel, const ctorch::Grid &grid,
                            Arguments arguments) {
    const Body run = body(element, kernel, arguments);
    TORCH_CHECK(grid.blocks > 0 && grid.threads > 0 && grid.threads <= ctorch::most_block_threads &&
                    std::has_single_bit(static_cast<uint64_t>(grid.threads)) && grid.shared_floats >= 0 &&
                    grid.shared_floats <= ctorch::most_shared_floats,
                "no GPU has ", grid.blocks, " blocks of ", grid.threads, " threads and ", grid.shared_floats,
                " shared numbers");
    ++launches_;
    blockDim.x = static_cast<unsigned>(grid.threads);
    block_barrier = std::make_unique<std::barrier<>>(grid.threads);
    shared_numbers = std::make_unique<float[]>(static_cast<size_t>(grid.shared_floats));
    std::vector<std::thread> threads;
    for (unsigned number = 0; number < blockDim.x; ++number) {
        threads.emplace_back(run_thread, number, grid.blocks, grid.shared_floats, run);
    }
    for (std::thread &thread : threads) thread.join();
}

bool bfloat16_agrees() {
    for (unsigned bits = 0; bits < 65536; ++bits) {
        const c10::BFloat16 number(static_cast<unsigned short>(bits), c10::BFloat16::from_bits());
        const float value = from_bfloat16(static_cast<unsigned short>(bits));
        if (bits_of_float(value) != bits_of_float(static_cast<float>(number))) return false;
        // The number itself, those around the middle to the next one, and the next one's neighbour.
        for (const unsigned rest : {0u, 1u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu}) {
            const float near = float_of_bits(bits_of_float(value) | rest);
            if (to_bfloat16(near) != c10::BFloat16(near).x) return false;
        }
    }
    return true;
}
