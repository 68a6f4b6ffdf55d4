// A process group of any backend, held by c10d's base class.
#pragma once

#include "../Boundary.hpp"

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

inline c10d::Backend &unwrap(CTProcessGroup *group) {
    TORCH_CHECK(group != nullptr, "the argument 'group' is NULL");
    return *group->value;
}

/// Runs `body`, which makes a handle, and hands it out; NULL after a failure.
template <class Handle, class Body> CTStatus make_handle(Handle **out, Body &&body) noexcept {
    *out = nullptr;
    return with_exception_boundary([&] { *out = body(); });
}

}  // namespace ctorch
