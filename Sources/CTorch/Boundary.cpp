#include "Boundary.hpp"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

namespace ctorch {

namespace {
thread_local std::string last_error = "no error yet on this thread";
}

void set_last_error(const char *message) noexcept {
    try {
        last_error = message;
    } catch (...) {
        last_error.clear();
    }
}

CTStatus status_of_current_exception() noexcept {
    try {
        throw;
    } catch (const c10::OutOfMemoryError &error) {
        set_last_error(error.what_without_backtrace());
        return CT_OUT_OF_MEMORY;
    } catch (const c10::Error &error) {
        set_last_error(error.what_without_backtrace());
        // The CPU allocator reports exhaustion as a plain error.
        const bool exhausted = last_error.find("DefaultCPUAllocator: can't allocate memory") != std::string::npos;
        return exhausted ? CT_OUT_OF_MEMORY : CT_ERROR;
    } catch (const std::bad_alloc &) {
        set_last_error("the host has no memory left");
        return CT_OUT_OF_MEMORY;
    } catch (const std::exception &error) {
        set_last_error(error.what());
        // oneDNN says no more when there is no room for a kernel's code or its scratch space.
        if (last_error == "could not create a primitive") return CT_OUT_OF_MEMORY;
    } catch (...) {
        set_last_error("an exception of unknown type");
    }
    return CT_ERROR;
}

TensorCounts &tensor_counts() noexcept {
    static TensorCounts counts;
    return counts;
}

at::ScalarType scalar_type(CTDType dtype) {
    switch (dtype) {
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT64: return at::kDouble;
    case CT_BFLOAT16: return at::kBFloat16;
    case CT_FLOAT16: return at::kHalf;
    case CT_INT64: return at::kLong;
    case CT_INT32: return at::kInt;
    case CT_UINT8: return at::kByte;
    case CT_BOOL: return at::kBool;
    }
    TORCH_CHECK(false, "unknown element type ", static_cast<int>(dtype));
}

at::Device device(CTDeviceKind kind) {
    switch (kind) {
    case CT_CPU: return at::kCPU;
    case CT_CUDA: return at::kCUDA;
    case CT_MPS: return at::kMPS;
    }
    TORCH_CHECK(false, "unknown device kind ", static_cast<int>(kind));
}

}  // namespace ctorch

const char *ct_last_error(void) { return ctorch::last_error.c_str(); }

void ct_set_last_error(const char *message) { ctorch::set_last_error(message); }
