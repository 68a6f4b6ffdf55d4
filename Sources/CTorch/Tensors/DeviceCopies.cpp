// Numbers on their way from the host to a device.
#include "DeviceCopies.hpp"

#include <ATen/ops/aminmax.h>

using namespace ctorch;

namespace ctorch {

namespace {

/// The most bytes that go by way of pinned memory. Batches are far below it; the weights of a model, copied once, are
/// not worth the pinned memory that libtorch would then keep.
constexpr size_t most_pinned = 16 << 20;

IDRange measured(const at::Tensor &ids) {
    const auto [low, high] = at::aminmax(ids);
    return {low.item<int64_t>(), high.item<int64_t>(), ids._version()};
}

}  // namespace

at::Tensor sent(const at::Tensor &host, at::Device target) {
    const bool pins = host.is_cpu() && target.is_cuda() && !host.requires_grad() && host.numel() > 0 &&
                      host.nbytes() <= most_pinned;
    // The pinned copy may be dropped at once: libtorch's allocator reuses its block only after the device has read it.
    return pins ? host.pin_memory().to(target, host.scalar_type(), /*non_blocking=*/true) : host.to(target);
}

IDRange range_of(const CTTensor &ids) {
    const bool known = ids.range && ids.range->version == ids.value._version();
    return known ? *ids.range : measured(ids.value);
}

}  // namespace ctorch

CTStatus ct_tensor_to_device(const CTTensor *tensor, CTDeviceKind kind, CTTensor **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        const at::Tensor &source = unwrap(tensor, "tensor");
        const at::Device target = device(kind);
        const at::Tensor copy = sent(source, target);
        std::optional<IDRange> range;
        // Ids are measured while that costs no waiting: a GPU kernel that meets one outside its table traps, and the
        // process cannot use the device afterwards.
        if (source.is_cpu() && !target.is_cpu() && source.scalar_type() == at::kLong && source.numel() > 0) {
            range = measured(source);
            range->version = copy._version();
        }
        *out = new CTTensor(copy, range);
    });
}
