// The one place where libtorch's exceptions end, and the handle that crosses the C interface.
#pragma once

#include "include/CTorch.h"

#if !__has_include(<ATen/core/Tensor.h>)
#error "libtorch is not set up: run `make setup`, then build with `make build`"
#endif

#include <ATen/core/Tensor.h>

#include <atomic>
#include <optional>
#include <string>

namespace ctorch {

/// The least and the greatest of some ids.
struct IDRange {
    int64_t low, high;
};

}  // namespace ctorch

struct CTTensor {
    at::Tensor value;
    /// Of ids that were copied from the CPU to a device: reading them back would make the host wait.
    std::optional<ctorch::IDRange> range{};
};

namespace ctorch {

/// Stores the message that `ct_last_error` gives on this thread.
void set_last_error(const char *message) noexcept;
/// Describes the exception in flight, and says which status it means. Call it from a catch block only.
CTStatus status_of_current_exception() noexcept;
/// The tensors handed out: those not freed, and all there ever were.
struct TensorCounts {
    std::atomic<int64_t> live{0}, made{0};

    void add(int64_t count = 1) noexcept {
        live.fetch_add(count, std::memory_order_relaxed);
        made.fetch_add(count, std::memory_order_relaxed);
    }
};
TensorCounts &tensor_counts() noexcept;

/// Runs `body` and turns whatever it throws into a status.
template <class Body> CTStatus with_exception_boundary(Body &&body) noexcept {
    try {
        body();
        return CT_OK;
    } catch (...) {
        return status_of_current_exception();
    }
}

/// The tensor behind a handle; throws if the handle is NULL.
inline const at::Tensor &unwrap(const CTTensor *handle, const char *name) {
    TORCH_CHECK(handle != nullptr, "the argument '", name, "' is NULL");
    return handle->value;
}

/// The elements of a contiguous tensor, whose type must be T's.
///
/// In place of `const_data_ptr<T>()`: libtorch exports that template under the name that GCC gave it, which was not clang's
/// until 2.13, so that with 2.11 nothing linked.
template <class T> const T *elements(const at::Tensor &x) {
    TORCH_CHECK(x.scalar_type() == c10::CppTypeToScalarType<T>::value, "expected elements of type ",
                c10::CppTypeToScalarType<T>::value, ", not ", x.scalar_type());
    return static_cast<const T *>(x.const_data_ptr());
}

/// Runs `body`, which makes a tensor, and hands it out; NULL after a failure.
template <class Body> CTStatus make_tensor(CTTensor **out, Body &&body) noexcept {
    *out = nullptr;
    return with_exception_boundary([&] {
        *out = new CTTensor{body()};
        tensor_counts().add();
    });
}

/// The shape that a caller passed.
inline at::IntArrayRef sizes(const int64_t *shape, int32_t rank) {
    TORCH_CHECK(rank >= 0 && (rank == 0 || shape != nullptr), "the shape is NULL or its rank negative");
    for (int32_t i = 0; i < rank; ++i) {
        TORCH_CHECK(shape[i] >= -1, "negative size ", shape[i], " in dimension ", i);
    }
    return {shape, static_cast<size_t>(rank)};
}

at::ScalarType scalar_type(CTDType dtype);
at::Device device(CTDeviceKind kind);

}  // namespace ctorch
