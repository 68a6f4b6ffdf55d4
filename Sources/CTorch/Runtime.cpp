// Version, threads, devices and memory figures.
#include "Boundary.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/cpu/Utils.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <sys/resource.h>
#include <unistd.h>

using namespace ctorch;

namespace {

/// Loads libtorch's CUDA half where there is one, so that its kernels register themselves. The linker would drop it,
/// since nothing here refers to it, and a build without it must work.
bool load_cuda() {
    static const bool loaded = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr;
    return loaded;
}

}  // namespace

void ct_tune_allocator(void) {
#if defined(__GLIBC__)
    // glibc maps and unmaps each large block anew, and every page of it is cleared and faulted in again: with the
    // activations and the gradient of the word embeddings that is a tenth of a training step. Blocks are kept on the
    // heap instead, whatever their size, until `ct_release_memory`. Only the main arena keeps them, and Swift's tasks run
    // on other threads: all share that one.
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_TOP_PAD, 64 << 20);
#endif
}

void ct_release_memory(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

const char *ct_version(void) { return TORCH_VERSION; }

CTStatus ct_set_threads(int32_t count) {
    return with_exception_boundary([&] {
        TORCH_CHECK(count >= 1, "the number of threads must be at least 1, not ", count);
        at::set_num_threads(count);
    });
}

int32_t ct_threads(void) { return at::get_num_threads(); }

const char *ct_cpu_capability(void) {
    static const std::string name = at::get_cpu_capability();
    return name.c_str();
}

bool ct_cpu_has_bfloat16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

bool ct_device_available(CTDeviceKind kind) {
    try {
        switch (kind) {
        case CT_CPU: return true;
        case CT_CUDA: return load_cuda() && at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
        case CT_MPS: return at::hasMPS();
        }
    } catch (...) {
        // A device that cannot even be counted cannot be used; the message stays in ct_last_error.
        status_of_current_exception();
    }
    return false;
}

CTStatus ct_select_device(CTDeviceKind kind, int32_t index) {
    return with_exception_boundary([&] {
        if (kind == CT_CPU) {
            return;
        }
        TORCH_CHECK(ct_device_available(kind), "this libtorch cannot use such a device here");
        const c10::DeviceType type = device(kind).type();
        const c10::impl::VirtualGuardImpl guard(type);
        TORCH_CHECK(index >= 0 && index < guard.deviceCount(), "there is no device ", index, ": this machine has ",
                    static_cast<int>(guard.deviceCount()));
        guard.setDevice(c10::Device(type, static_cast<c10::DeviceIndex>(index)));
    });
}

CTStatus ct_memory(int64_t *resident, int64_t *peak) {
    *resident = 0;
    *peak = 0;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        set_last_error(std::strerror(errno));
        return CT_ERROR;
    }
#if defined(__APPLE__)
    *peak = usage.ru_maxrss;
#else
    *peak = static_cast<int64_t>(usage.ru_maxrss) * 1024;
    if (std::FILE *file = std::fopen("/proc/self/statm", "r")) {
        long long total = 0, pages = 0;
        if (std::fscanf(file, "%lld %lld", &total, &pages) == 2) {
            *resident = pages * static_cast<int64_t>(sysconf(_SC_PAGESIZE));
        }
        std::fclose(file);
    }
#endif
    return CT_OK;
}
