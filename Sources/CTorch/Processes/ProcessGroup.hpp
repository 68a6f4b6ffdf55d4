// Handles of c10d's stores and process groups; a group of any backend is held by its base class.
#pragma once

#include "../Runtime/Handles.hpp"

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>

struct CTStore {
    c10::intrusive_ptr<c10d::Store> value;
};

struct CTProcessGroup {
    c10::intrusive_ptr<c10d::Backend> value;
};

namespace ctorch {

inline std::chrono::milliseconds milliseconds(double seconds) {
    TORCH_CHECK(seconds > 0 && seconds < 1e9, "a timeout of ", seconds, " seconds");
    return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

inline c10d::Store &unwrap(CTStore *store) {
    TORCH_CHECK(store != nullptr, "the argument 'store' is NULL");
    return *store->value;
}

/// Gloo and NCCL read and write the elements in memory order.
inline const at::Tensor &unwrap_contiguous(const CTTensor *tensor) {
    const at::Tensor &value = ctorch::unwrap(tensor, "tensor");
    TORCH_CHECK(value.layout() == at::kStrided && value.is_contiguous(), "the tensor must be contiguous, not ",
                value.sizes(), " with strides ", value.strides());
    return value;
}

/// A text argument that must not be NULL.
inline const char *checked(const char *text, const char *name) {
    TORCH_CHECK(text != nullptr, "the argument '", name, "' is NULL");
    return text;
}

inline c10d::Backend &unwrap(CTProcessGroup *group) {
    TORCH_CHECK(group != nullptr, "the argument 'group' is NULL");
    return *group->value;
}

/// Runs `body`, which returns a new handle, and writes it to `out`; NULL after a failure.
template <class Handle, class Body> CTStatus make_handle(Handle **out, Body &&body) noexcept {
    *out = nullptr;
    return with_exception_boundary([&] { *out = body(); });
}

}  // namespace ctorch
