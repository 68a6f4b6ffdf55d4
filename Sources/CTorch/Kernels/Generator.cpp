// The device's own generator of random numbers.
#include "Generator.hpp"

#include "../DeviceKernels/Launcher.hpp"
#include "Random.hpp"

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <map>
#include <memory>

namespace ctorch {

namespace {

std::mutex drawing;

/// The place of a device's seed, and the stream that passes drew from it on. Guarded by `drawing`.
struct SeedPlace {
    at::Tensor seed;
    std::optional<c10::Stream> stream;
};

/// The device that tensors of a kind are made on.
at::Device current_device(at::Device kind) {
    return kind.is_cpu() ? kind : c10::impl::VirtualGuardImpl(kind.type()).getDevice();
}

/// Puts a seed where the device's passes look for it. Graphs keep that place: it is made once and never freed.
at::Tensor placed_seed(const at::Device &device, uint64_t seed) {
    static auto *places = new std::map<std::pair<c10::DeviceType, c10::DeviceIndex>, SeedPlace>;
    SeedPlace &place = (*places)[{device.type(), device.index()}];
    if (!place.seed.defined()) {
        place.seed = at::empty({1}, at::TensorOptions().dtype(at::kLong).device(device));
    }
    if (!device.is_cpu()) {
        const c10::impl::VirtualGuardImpl guard(device.type());
        const c10::Stream stream = guard.getStream(device);
        // A pass on another stream may still have to read the seed before.
        if (place.stream && *place.stream != stream) guard.synchronizeDevice(device.index());
        place.stream = stream;
    }
    place.seed.fill_(static_cast<int64_t>(seed));
    return place.seed;
}

}  // namespace

/// What a thread draws from between `ct_draws_begin` and `ct_draws_end`.
struct DrawSource {
    DrawSource(at::Device where, uint64_t number)
        : generator(where, number), device(current_device(where)), seed(placed_seed(device, number)) {}

    const SeededGenerator generator;
    const at::Device device;
    const at::Tensor seed;
};

namespace {

/// What this thread draws from, and the number of its next call.
thread_local std::shared_ptr<const DrawSource> draw_source;
thread_local int64_t next_call = 0;

}  // namespace

SeededGenerator::SeededGenerator(at::Device where, uint64_t seed) {
    if (draw_source != nullptr) return;
    lock_ = std::unique_lock(drawing);
    at::Generator generator = at::globalContext().defaultGenerator(where);
    const std::lock_guard lock(generator.mutex());
    generator.set_current_seed(seed);
}

bool draws_from_one_seed(const at::Device &device) {
    return draw_source != nullptr && draw_source->device.type() == device.type() &&
           (device.is_cpu() || draw_source->device.index() == device.index());
}

std::optional<Draw> next_draw(const at::Device &device) {
    if (!draws_from_one_seed(device)) return std::nullopt;
    return Draw{draw_source->seed, next_call++};
}

DrawPosition DrawPosition::now() { return {draw_source != nullptr, draw_source, next_call}; }

DrawsAgain::DrawsAgain(const DrawPosition &position) : source_(draw_source), calls_(next_call) {
    const auto again = position.source.lock();
    TORCH_CHECK(again != nullptr, "the pass has ended whose masks are to be drawn again for its gradients");
    draw_source = again;
    next_call = position.calls;
}

DrawsAgain::~DrawsAgain() {
    draw_source = source_;
    next_call = calls_;
}

uint64_t batch_seed(const PackedRows &rows, uint64_t seed) {
    return rows.keys == nullptr ? seed : mask_stream(seed, rows.keys[0], 0);
}

}  // namespace ctorch

using namespace ctorch;

CTStatus ct_draws_begin(CTDeviceKind kind, uint64_t seed) {
    return with_exception_boundary([&] {
        TORCH_CHECK(draw_source == nullptr, "this thread draws from one seed already");
        // Compiling and loading is forbidden while work is recorded, which comes next.
        if (kind == CT_CUDA && ct_device_available(kind)) prepare_device_kernels();
        draw_source = std::make_shared<const DrawSource>(device(kind), seed);
        next_call = 0;
    });
}

void ct_draws_end(void) { draw_source.reset(); }
