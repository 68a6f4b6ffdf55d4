#include "Compiler.hpp"

#include "../Runtime/CUDALoading.hpp"
#include "../Runtime/Handles.hpp"

#include <cstdlib>
#include <dlfcn.h>
#include <memory>

namespace ctorch {

/// What is called of NVRTC, by the prototypes of its documentation; a program is a pointer there.
struct DeviceCompiler::Functions {
    int (*version)(int *major, int *minor);
    const char *(*error)(int result);
    int (*create)(void **program, const char *source, const char *name, int headers, const char *const *contents,
                  const char *const *names);
    int (*destroy)(void **program);
    int (*compile)(void *program, int count, const char *const *options);
    int (*log_size)(void *program, size_t *size);
    int (*log)(void *program, char *text);
    int (*binary_size)(void *program, size_t *size);
    int (*binary)(void *program, char *bytes);
};

namespace {

/// Looked for in this order: what the user names; what is loaded already; beside libtorch its own library for NVRTC,
/// which finds it inside a wheel; names.
void *open_compiler() {
    const char *named = std::getenv("BERTQA_NVRTC");
    if (named != nullptr && named[0] != '\0') {
        void *library = dlopen(named, RTLD_NOW | RTLD_LOCAL);
        TORCH_CHECK(library != nullptr, "BERTQA_NVRTC names no library that can be loaded: ", dlerror());
        return library;
    }
    if (dlsym(RTLD_DEFAULT, "nvrtcCreateProgram") != nullptr) return RTLD_DEFAULT;
    const std::string beside = libtorch_folder() + "/libcaffe2_nvrtc.so";
    for (const char *name : {beside.c_str(), "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"}) {
        void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (library != nullptr && dlsym(library, "nvrtcCreateProgram") != nullptr) return library;
    }
    TORCH_CHECK(false, "NVRTC (libnvrtc) was not found");
}

/// NVRTC opens a library of its own by name while it compiles, and a wheel's does not look beside itself. A library
/// that is loaded already is found by its name.
void open_builtins(const void *function, const std::string &version) {
    Dl_info info{};
    if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return;
    const std::string file = info.dli_fname;
    const std::string folder = file.substr(0, file.rfind('/') + 1);
    dlopen((folder + "libnvrtc-builtins.so." + version).c_str(), RTLD_NOW | RTLD_LOCAL);
}

template <class Function> void find(void *library, const char *name, Function &function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    TORCH_CHECK(function != nullptr, "NVRTC has no function ", name);
}

}  // namespace

/// A program of NVRTC's as long as it is compiled.
class DeviceCompiler::Program {
  public:
    Program(const Functions &functions, const std::string &source) : functions_(functions) {
        check(functions.create(&handle_, source.c_str(), "bertqa.cu", 0, nullptr, nullptr), "nvrtcCreateProgram");
    }
    ~Program() { functions_.destroy(&handle_); }
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;

    bool compile(const std::vector<std::string> &options) {
        std::vector<const char *> texts;
        for (const std::string &option : options) texts.push_back(option.c_str());
        return functions_.compile(handle_, static_cast<int>(texts.size()), texts.data()) == 0;
    }

    std::string log() const {
        size_t size = 0;
        check(functions_.log_size(handle_, &size), "nvrtcGetProgramLogSize");
        std::string text(size, '\0');
        if (size > 0) check(functions_.log(handle_, text.data()), "nvrtcGetProgramLog");
        while (!text.empty() && (text.back() == '\0' || text.back() == '\n')) text.pop_back();
        return text;
    }

    std::string binary() const {
        size_t size = 0;
        check(functions_.binary_size(handle_, &size), "nvrtcGetCUBINSize");
        TORCH_CHECK(size > 0, "NVRTC gave no binary");
        std::string bytes(size, '\0');
        check(functions_.binary(handle_, bytes.data()), "nvrtcGetCUBIN");
        return bytes;
    }

  private:
    void check(int result, const char *call) const {
        TORCH_CHECK(result == 0, call, ": ", functions_.error(result));
    }

    const Functions &functions_;
    void *handle_ = nullptr;
};

DeviceCompiler::DeviceCompiler() : library_(open_compiler()) {
    // As long as the process, like the library.
    auto functions = std::make_unique<Functions>();
    find(library_, "nvrtcVersion", functions->version);
    find(library_, "nvrtcGetErrorString", functions->error);
    find(library_, "nvrtcCreateProgram", functions->create);
    find(library_, "nvrtcDestroyProgram", functions->destroy);
    find(library_, "nvrtcCompileProgram", functions->compile);
    find(library_, "nvrtcGetProgramLogSize", functions->log_size);
    find(library_, "nvrtcGetProgramLog", functions->log);
    find(library_, "nvrtcGetCUBINSize", functions->binary_size);
    find(library_, "nvrtcGetCUBIN", functions->binary);
    int major = 0, minor = 0;
    const int result = functions->version(&major, &minor);
    TORCH_CHECK(result == 0, "nvrtcVersion: ", functions->error(result));
    version_ = std::to_string(major) + "." + std::to_string(minor);
    open_builtins(reinterpret_cast<const void *>(functions->version), version_);
    functions_ = functions.release();
}

std::vector<std::string> DeviceCompiler::options(int capability) {
    return {"--gpu-architecture=sm_" + std::to_string(capability), "--std=c++14"};
}

std::string DeviceCompiler::compile(const std::string &source, const std::vector<std::string> &options,
                                    std::string *log) const {
    Program program(*functions_, source);
    const bool compiled = program.compile(options);
    const std::string messages = program.log();
    TORCH_CHECK(compiled, "NVRTC ", version_, " refused the kernels for ", options.front(), ": ", messages);
    if (log != nullptr) *log = messages;
    return program.binary();
}

}  // namespace ctorch
