#include "Driver.hpp"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <dlfcn.h>
#include <limits>
#include <vector>

namespace ctorch {

namespace {

template <class Function> void find_in(void *library, const char *name, Function &function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    TORCH_CHECK(function != nullptr, "the driver has no function ", name);
}

}  // namespace

void *current_cuda_stream(int device) {
    const c10::impl::VirtualGuardImpl guard(c10::DeviceType::CUDA);
    return guard.getStreamNativeHandle(
        guard.getStream({c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device)}));
}

DriverFunctions DriverFunctions::loaded() {
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    TORCH_CHECK(library != nullptr, "the driver was not found: ", dlerror());
    DriverFunctions functions{};
    find_in(library, "cuGetErrorString", functions.error);
    find_in(library, "cuCtxGetCurrent", functions.current);
    find_in(library, "cuCtxSetCurrent", functions.make_current);
    find_in(library, "cuDeviceGet", functions.device);
    find_in(library, "cuDevicePrimaryCtxRetain", functions.retain);
    find_in(library, "cuModuleLoadData", functions.load);
    find_in(library, "cuModuleGetFunction", functions.find);
    find_in(library, "cuLaunchKernel", functions.launch);
    return functions;
}

void LoadedKernels::check(int result, const char *call) const {
    if (result == 0) return;
    const char *text = nullptr;
    driver_.error(result, &text);
    TORCH_CHECK(false, call, ": ", text == nullptr ? "unknown error" : text, " (", result, ")");
}

void LoadedKernels::enter() const {
    void *context = nullptr;
    check(driver_.current(&context), "cuCtxGetCurrent");
    if (context != nullptr) return;
    int device = 0;
    check(driver_.device(&device, device_), "cuDeviceGet");
    // libtorch uses this context, too, and keeps it.
    check(driver_.retain(&context, device), "cuDevicePrimaryCtxRetain");
    check(driver_.make_current(context), "cuCtxSetCurrent");
}

void LoadedKernels::load(Element element, const std::string &binary) {
    enter();
    void *module = nullptr;
    check(driver_.load(&module, binary.data()), "cuModuleLoadData");
    auto &kernels = kernels_.at(static_cast<size_t>(element));
    for (size_t number = 0; number < kernels.size(); ++number) {
        check(driver_.find(&kernels[number], module, kernel_names[number]), kernel_names[number]);
    }
}

void LoadedKernels::launch(Element element, Kernel kernel, const Grid &grid,
                           std::initializer_list<Argument> arguments) {
    void *function = kernels_.at(static_cast<size_t>(element)).at(static_cast<size_t>(kernel));
    const char *name = kernel_names[static_cast<size_t>(kernel)];
    TORCH_CHECK(function != nullptr, name, " was not loaded");
    TORCH_CHECK(grid.blocks > 0 && grid.blocks <= std::numeric_limits<int32_t>::max(), name, " cannot have ",
                grid.blocks, " blocks");
    enter();
    std::vector<void *> places;
    // The members of the union begin at one place. The driver copies the arguments before it returns.
    for (const Argument &argument : arguments) places.push_back(const_cast<void **>(&argument.pointer));
    check(driver_.launch(function, static_cast<unsigned>(grid.blocks), 1, 1, static_cast<unsigned>(grid.threads), 1, 1,
                         static_cast<unsigned>(grid.shared_floats * static_cast<int64_t>(sizeof(float))),
                         stream_(device_), places.data(), nullptr),
          name);
}

}  // namespace ctorch
