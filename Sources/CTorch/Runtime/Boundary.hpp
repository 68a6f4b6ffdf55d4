// The only place where C++ exceptions become statuses.
#pragma once

#include "../include/CTorch.h"

#if !__has_include(<ATen/core/Tensor.h>)
#error "libtorch is not set up: run `make setup`, then `make build` (or Tools/swift.sh in place of swift)"
#endif

#include <c10/util/Exception.h>

#include <utility>

namespace ctorch {

/// Stores the message that `ct_last_error` returns on this thread.
void set_last_error(const char *message) noexcept;
/// Stores a description of the exception in flight and returns its status. Call it from a catch block only.
CTStatus status_of_current_exception() noexcept;

/// Runs `body` and turns whatever it throws into a status.
template <class Body> CTStatus with_exception_boundary(Body &&body) noexcept {
    try {
        body();
        return CT_OK;
    } catch (...) {
        return status_of_current_exception();
    }
}

/// Sets each number to 0, which is what a failed call leaves in its out-parameters, then runs `body`.
template <class Body, class... Numbers> CTStatus write_numbers(Body &&body, Numbers *...out) noexcept {
    ((*out = Numbers()), ...);
    const CTStatus status = with_exception_boundary(std::forward<Body>(body));
    if (status != CT_OK) ((*out = Numbers()), ...);
    return status;
}

}  // namespace ctorch
