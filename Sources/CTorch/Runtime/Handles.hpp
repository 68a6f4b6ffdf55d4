// The handle that crosses the C interface, and the ways to read and write one.
#pragma once

#include "Boundary.hpp"

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ctorch {

/// The smallest and the largest of some ids, valid while the tensor's version is `version`, or always if that is
/// `any_version`: then whoever overwrites them keeps to the range.
struct IDRange {
    static constexpr int64_t any_version = -1;
    int64_t low, high, version;
};

}  // namespace ctorch

/// One reference to a tensor. Every handle is counted from its construction to its destruction, so no code path can
/// forget to.
struct CTTensor {
    explicit CTTensor(at::Tensor tensor, std::optional<ctorch::IDRange> ids = std::nullopt) noexcept;
    ~CTTensor();
    CTTensor(const CTTensor &) = delete;
    CTTensor &operator=(const CTTensor &) = delete;

    const at::Tensor value;
    /// The range of ids that were copied from the CPU to a device: reading them back would make the host wait.
    const std::optional<ctorch::IDRange> range;
};

namespace ctorch {

/// The tensor of a handle; throws if the handle is NULL.
inline const at::Tensor &unwrap(const CTTensor *handle, const char *name) {
    TORCH_CHECK(handle != nullptr, "the argument '", name, "' is NULL");
    return handle->value;
}

/// The tensor of a handle, or an undefined tensor if the handle is NULL.
inline at::Tensor unwrap_optional(const CTTensor *handle) {
    return handle == nullptr ? at::Tensor() : handle->value;
}

/// The tensors of `count` handles.
std::vector<at::Tensor> unwrap_all(CTTensor *const *handles, int32_t count, const char *name);

/// Runs `body`, which returns a tensor, and writes a handle of it to `out`; NULL after a failure.
template <class Body> CTStatus make_tensor(CTTensor **out, Body &&body) noexcept {
    *out = nullptr;
    return with_exception_boundary([&] { *out = new CTTensor(body()); });
}

/// Runs `body`, which returns two tensors, and writes handles of both; both are NULL after a failure. `second` may be
/// NULL: then the second tensor is dropped.
template <class Body> CTStatus make_tensors(CTTensor **first, CTTensor **second, Body &&body) noexcept {
    *first = nullptr;
    if (second != nullptr) *second = nullptr;
    return with_exception_boundary([&] {
        std::pair<at::Tensor, at::Tensor> results = body();
        auto owner = std::make_unique<CTTensor>(std::move(results.first));
        if (second != nullptr) *second = new CTTensor(std::move(results.second));
        *first = owner.release();
    });
}

/// The elements of a contiguous tensor, whose type must be T's.
///
/// In place of `const_data_ptr<T>()`: libtorch exports that template under the name that GCC gave it, which was not
/// clang's until 2.13, so that with 2.11 nothing linked.
template <class T> const T *elements(const at::Tensor &x) {
    TORCH_CHECK(x.scalar_type() == c10::CppTypeToScalarType<T>::value, "expected elements of type ",
                c10::CppTypeToScalarType<T>::value, ", not ", x.scalar_type());
    TORCH_CHECK(x.is_cpu() && x.layout() == at::kStrided && x.is_contiguous(),
                "expected a contiguous tensor on the CPU, not ", x.toString(), " ", x.sizes(), " with strides ",
                x.strides());
    return static_cast<const T *>(x.const_data_ptr());
}

/// The shape that a caller passed.
at::IntArrayRef sizes(const int64_t *shape, int32_t rank);

at::ScalarType scalar_type(CTDType dtype);
at::Device device(CTDeviceKind kind);

}  // namespace ctorch
