// libtorch's CUDA half, which is looked for at run time.
#include "CUDALoading.hpp"

#include "Handles.hpp"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <memory>

using namespace ctorch;

namespace ctorch {

namespace {

#if defined(__APPLE__)
constexpr const char *cuda_library = "libtorch_cuda.dylib", *driver = "libcuda.dylib";
#else
constexpr const char *cuda_library = "libtorch_cuda.so", *driver = "libcuda.so.1";
#endif

bool open_library(const std::string &path, int scope = RTLD_GLOBAL) {
    if (dlopen(path.c_str(), RTLD_NOW | scope) != nullptr) return true;
    const char *problem = dlerror();
    set_last_error(problem == nullptr ? "the library cannot be loaded" : problem);
    return false;
}

/// By the library's real place, so that what it looks for beside itself is found: in a wheel, the packages of CUDA.
/// Else by name, on the program's own search path.
bool open_cuda() {
    // Without a driver nothing could run there.
    if (!open_library(driver, RTLD_LOCAL)) return false;
    const std::string folder = libtorch_folder();
    return (!folder.empty() && open_library(folder + "/" + cuda_library)) || open_library(cuda_library);
}

}  // namespace

std::string libtorch_folder() {
    Dl_info info{};
    // A function of libtorch's that is not in line; its address is in the library, or in a stub of ours.
    if (dladdr(reinterpret_cast<const void *>(at::detail::getCUDAHooks), &info) == 0 || info.dli_fname == nullptr) {
        return "";
    }
    const std::unique_ptr<char, decltype(&std::free)> path(realpath(info.dli_fname, nullptr), std::free);
    const std::string file = path == nullptr ? "" : path.get();
    return file.substr(0, std::min(file.rfind('/'), file.size()));
}

bool load_cuda() noexcept {
    static const bool loaded = open_cuda();
    return loaded;
}

}  // namespace ctorch

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

bool ct_device_has_bfloat16(CTDeviceKind kind) {
    if (kind == CT_CPU) return ct_cpu_has_bfloat16();
    // libtorch asks the GPU for compute capability 8.0 here, from which on its matrix units take bfloat16.
    return kind == CT_CUDA && ct_device_available(kind) &&
           at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

int32_t ct_device_capability(CTDeviceKind kind) {
    if (kind != CT_CUDA || !ct_device_available(kind)) return 0;
    // Of CUDA's run time, which libtorch's CUDA half brings along; its headers are not needed to build.
    using Attribute = int (*)(int *value, int attribute, int device);
    const auto attribute = reinterpret_cast<Attribute>(dlsym(RTLD_DEFAULT, "cudaDeviceGetAttribute"));
    if (attribute == nullptr) return 0;
    constexpr int major_version = 75, minor_version = 76;
    const int index = c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).getDevice().index();
    int major = 0, minor = 0;
    const bool known = attribute(&major, major_version, index) == 0 && attribute(&minor, minor_version, index) == 0;
    return known ? 10 * major + minor : 0;
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
