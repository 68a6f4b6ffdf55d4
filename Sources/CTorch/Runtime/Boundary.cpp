#include "Boundary.hpp"

#include <exception>
#include <new>
#include <string>

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
        // oneDNN gives no other message when there is no room for a kernel's code or its scratch space.
        if (last_error == "could not create a primitive") return CT_OUT_OF_MEMORY;
    } catch (...) {
        set_last_error("an exception of unknown type");
    }
    return CT_ERROR;
}

}  // namespace ctorch

const char *ct_last_error(void) { return ctorch::last_error.c_str(); }

void ct_set_last_error(const char *message) { ctorch::set_last_error(message); }
