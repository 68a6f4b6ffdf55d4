// What tensors take on a GPU, by the interface that libtorch's caching allocators share.
#include "../Boundary.hpp"
#include "Loading.hpp"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

using namespace ctorch;

namespace ctorch {

namespace {

/// The allocator of a device's memory; null where there is no such device, nothing was allocated there yet, or it keeps no
/// account (MPS).
c10::DeviceAllocator *allocator(c10::DeviceType type) {
    if (type == c10::DeviceType::CUDA && !load_cuda()) return nullptr;
    auto *found = dynamic_cast<c10::DeviceAllocator *>(c10::GetAllocator(type));
    return found != nullptr && found->initialized() ? found : nullptr;
}

c10::DeviceIndex current(c10::DeviceType type) { return c10::impl::VirtualGuardImpl(type).getDevice().index(); }

}  // namespace

}  // namespace ctorch

CTStatus ct_empty_device_cache(void) {
    return with_exception_boundary([] {
        if (auto *cuda = allocator(c10::DeviceType::CUDA)) cuda->emptyCache();
    });
}

CTStatus ct_device_memory(CTDeviceKind kind, int64_t *allocated, int64_t *peak) {
    *allocated = 0;
    *peak = 0;
    if (kind == CT_CPU) return ct_memory(allocated, peak);
    return with_exception_boundary([&] {
        const c10::DeviceType type = device(kind).type();
        if (auto *found = allocator(type)) {
            using c10::CachingAllocator::StatType;
            const auto stats = found->getDeviceStats(current(type));
            const auto &bytes = stats.allocated_bytes[static_cast<size_t>(StatType::AGGREGATE)];
            *allocated = bytes.current;
            *peak = bytes.peak;
        }
    });
}

CTStatus ct_reset_peak(CTDeviceKind kind) {
    return with_exception_boundary([&] {
        const c10::DeviceType type = device(kind).type();
        if (kind == CT_CPU) return;
        if (auto *found = allocator(type)) found->resetPeakStats(current(type));
    });
}
