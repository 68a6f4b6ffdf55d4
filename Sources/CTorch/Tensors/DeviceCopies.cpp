// Numbers on their way from the host to a device, and back.
#include "DeviceCopies.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/empty.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <memory>
#include <optional>

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
    const bool known = ids.range && (ids.range->version == IDRange::any_version ||
                                     ids.range->version == ids.value._version());
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

CTStatus ct_trusted_ids(const CTTensor *numbers, int64_t start, int64_t end, int64_t highest, CTTensor **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        const at::Tensor &all = unwrap(numbers, "numbers");
        TORCH_CHECK(all.dim() == 1 && all.scalar_type() == at::kLong, "the numbers must be an int64 vector, not ",
                    all.toString(), " ", all.sizes());
        TORCH_CHECK(start >= 0 && start <= end && end <= all.numel() && highest >= 0, "the bounds ", start,
                    " ..< ", end, " are outside ", all.numel(), " numbers, or ", highest, " is negative");
        *out = new CTTensor(all.slice(0, start, end), IDRange{0, highest, IDRange::any_version});
    });
}

CTStatus ct_view_rows(const CTTensor *tensor, int64_t rows, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &value = unwrap(tensor, "tensor");
        TORCH_CHECK(value.layout() == at::kStrided && value.is_contiguous() && rows >= 1 && value.numel() % rows == 0,
                    "a contiguous tensor of ", rows, " equal rows is needed, not ", value.toString(), " ",
                    value.sizes());
        return value.view({rows, value.numel() / rows});
    });
}

CTStatus ct_tensor_fill(CTTensor *tensor, const CTTensor *source) {
    return with_exception_boundary([&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &target = unwrap(tensor, "tensor"), &value = unwrap(source, "source");
        TORCH_CHECK(value.is_cpu() && value.sizes() == target.sizes() && value.scalar_type() == target.scalar_type(),
                    "the source must be a ", target.scalar_type(), " ", target.sizes(), " on the CPU, not ",
                    value.toString(), " ", value.sizes());
        if (target.is_cuda() && value.numel() > 0) {
            target.copy_(value.pin_memory(), /*non_blocking=*/true);
        } else {
            target.copy_(value);
        }
    });
}

struct CTHostCopy {
    at::Tensor value;
    /// Comes when the copy is there; without one it is.
    std::optional<c10::Event> arrival;
};

CTStatus ct_host_copy_begin(const CTTensor *tensor, CTHostCopy **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        const at::NoGradGuard no_grad;
        const at::Tensor &source = unwrap(tensor, "tensor");
        auto copy = std::make_unique<CTHostCopy>();
        if (source.is_cuda()) {
            // libtorch's allocator of pinned memory does not hand it out again before the copy is done.
            copy->value = at::empty(source.sizes(), source.options().device(at::kCPU).pinned_memory(true));
            copy->value.copy_(source, /*non_blocking=*/true);
            const c10::impl::VirtualGuardImpl guard(source.device().type());
            copy->arrival.emplace(source.device().type());
            copy->arrival->record(guard.getStream(source.device()));
        } else {
            copy->value = source.to(at::kCPU, source.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
        }
        *out = copy.release();
    });
}

CTStatus ct_host_copy_finish(const CTHostCopy *copy, CTTensor **out) {
    return make_tensor(out, [&] {
        TORCH_CHECK(copy != nullptr, "the argument 'copy' is NULL");
        if (copy->arrival) copy->arrival->synchronize();
        return copy->value;
    });
}

void ct_host_copy_free(CTHostCopy *copy) { delete copy; }

CTStatus ct_accumulate(CTTensor *tensor, const CTTensor *value) {
    return with_exception_boundary([&] {
        const at::NoGradGuard no_grad;
        unwrap(tensor, "tensor").add_(unwrap(value, "value"));
    });
}

CTStatus ct_zero(CTTensor *tensor) {
    return with_exception_boundary([&] {
        const at::NoGradGuard no_grad;
        unwrap(tensor, "tensor").zero_();
    });
}
