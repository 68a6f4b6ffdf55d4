// Which GPU has its fused kernels, and why another one has not.
#include "../Kernels/Generator.hpp"
#include "../include/CTorchGraphs.h"
#include "Cache.hpp"
#include "Compiler.hpp"
#include "Driver.hpp"
#include "SelfCheck.hpp"
#include "Sources.hpp"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace ctorch {

namespace {

/// What became of a device's kernels.
struct State {
    std::unique_ptr<LoadedKernels> kernels;
    /// Why there are none; empty if they are in use.
    std::string reason;
};

std::mutex preparing;

/// By the device's index. Never destroyed, and a state is never changed: others hold its parts.
std::map<int, State> &states() {
    static auto *all = new std::map<int, State>;
    return *all;
}

int current_cuda_device() {
    return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).getDevice().index();
}

/// Loads the kernels of the current device, from the disk or from the compiler.
std::unique_ptr<LoadedKernels> loaded(int device) {
    const int capability = ct_device_capability(CT_CUDA);
    TORCH_CHECK(capability > 0, "the GPU does not tell its compute capability");
    const DeviceCompiler compiler;
    const KernelCache cache(KernelCache::user_folder());
    const std::vector<std::string> options = DeviceCompiler::options(capability);
    auto result = std::make_unique<LoadedKernels>(DriverFunctions::loaded(), current_cuda_stream, device);
    for (const Element element : all_elements) {
        const std::string program = device_program(element);
        std::string key = "NVRTC " + compiler.version();
        for (const std::string &option : options) key += " " + option;
        result->load(element, cache.get(key + "\n" + program, [&] { return compiler.compile(program, options); }));
    }
    return result;
}

/// Messages of a compiler have many lines.
std::string first_line(const std::string &text) { return text.substr(0, std::min<size_t>(text.find('\n'), 300)); }

State prepared(int device) {
    const char *wanted = std::getenv("BERTQA_FUSED_KERNELS");
    if (wanted != nullptr && std::strcmp(wanted, "0") == 0) return {nullptr, "switched off by BERTQA_FUSED_KERNELS=0"};
    try {
        State state{loaded(device), ""};
        state.reason = self_check(*state.kernels, {c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device)});
        return state;
    } catch (const c10::Error &error) {
        return {nullptr, first_line(error.what_without_backtrace())};
    } catch (const std::exception &error) {
        return {nullptr, first_line(error.what())};
    }
}

const State &state_of(int device) {
    const std::lock_guard lock(preparing);
    const auto found = states().find(device);
    return found != states().end() ? found->second : states().emplace(device, prepared(device)).first->second;
}

}  // namespace

const std::string &prepare_device_kernels() { return state_of(current_cuda_device()).reason; }

KernelLauncher *kernel_launcher(const at::Device &device) {
    if (!device.is_cuda()) return nullptr;
    const State &state = state_of(device.has_index() ? device.index() : current_cuda_device());
    return state.reason.empty() ? state.kernels.get() : nullptr;
}

}  // namespace ctorch

using namespace ctorch;

const char *ct_fused_kernels(CTDeviceKind kind) {
    try {
        if (kind != CT_CUDA || !ct_device_available(kind)) return "the device has none";
        const std::string &reason = prepare_device_kernels();
        return reason.empty() ? "in use" : reason.c_str();
    } catch (...) {
        status_of_current_exception();
        return ct_last_error();
    }
}

bool ct_adds_bias_later(CTDeviceKind kind) {
    if (kind != CT_CUDA) return kind == CT_CPU;
    try {
        const at::Device device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(current_cuda_device()));
        return draws_from_one_seed(device) && kernel_launcher(device) != nullptr;
    } catch (...) {
        // Where nothing is known of the device, products add the bias as they always did.
        status_of_current_exception();
        return false;
    }
}
