// How the fused kernels are compiled, kept on disk, loaded and launched.
#include "Harness.hpp"

#include "../../Sources/CTorch/DeviceKernels/Cache.hpp"
#include "../../Sources/CTorch/DeviceKernels/Compiler.hpp"
#include "../../Sources/CTorch/DeviceKernels/Driver.hpp"
#include "../../Sources/CTorch/DeviceKernels/Sources.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace {

namespace fs = std::filesystem;
using ctorch::Element;
using ctorch::Kernel;
using ctorch::KernelCache;

/// A folder that goes with it.
struct Scratch {
    Scratch() {
        std::string name = (fs::temp_directory_path() / "bertqa-XXXXXX").string();
        TORCH_CHECK(mkdtemp(name.data()) != nullptr, "no scratch folder");
        path = name;
    }
    ~Scratch() { fs::remove_all(path); }

    fs::path path;
};

/// A variable of the environment, as long as it lives.
class Variable {
  public:
    Variable(const char *name, const char *value) : name_(name) {
        const char *before = std::getenv(name);
        was_set_ = before != nullptr;
        if (was_set_) before_ = before;
        value == nullptr ? unsetenv(name) : setenv(name, value, 1);
    }
    ~Variable() { was_set_ ? setenv(name_, before_.c_str(), 1) : unsetenv(name_); }

  private:
    const char *const name_;
    bool was_set_;
    std::string before_;
};

/// A compiler that counts.
struct Maker {
    int calls = 0;
    std::string value = std::string("binary\0of kernels", 17);

    std::string get(const KernelCache &cache, const std::string &key) {
        return cache.get(key, [this] {
            ++calls;
            return value;
        });
    }
};

mode_t mode_of(const fs::path &path) {
    struct stat status;
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

void test_cache() {
    const Scratch scratch;
    const fs::path folder = scratch.path / "cache" / "kernels";
    const KernelCache cache(folder.string());
    Maker maker;
    for (int turn = 0; turn < 3; ++turn) expect(maker.get(cache, "key") == maker.value, "a kept binary is another");
    expect(maker.calls == 1, "a binary that is kept is made again");
    const fs::path file = cache.file("key");
    expect(mode_of(file) == 0600 && mode_of(folder) == 0700 && mode_of(folder.parent_path()) == 0700,
           "others may read or write the cache");
    expect(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1, "a temporary file is left");
    maker.get(cache, "another key");
    expect(maker.calls == 2, "another key finds the first one's binary");
    fs::copy_file(file, cache.file("a third key"));
    maker.get(cache, "a third key");
    expect(maker.calls == 3, "a file under another key's name is believed");
    for (const auto place : {size_t(0), size_t(9), size_t(17), size_t(30)}) {
        std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekg(static_cast<std::streamoff>(place));
        const char byte = static_cast<char>(bytes.get() ^ 0x40);
        bytes.seekp(static_cast<std::streamoff>(place));
        bytes.put(byte);
        bytes.close();
        const int before = maker.calls;
        expect(maker.get(cache, "key") == maker.value && maker.calls == before + 1, "a damaged file is believed");
        expect(maker.get(cache, "key") == maker.value && maker.calls == before + 1, "a damaged file is not replaced");
    }
    for (const size_t size : {size_t(0), size_t(3), size_t(24), size_t(30)}) {
        fs::resize_file(file, size);
        const int before = maker.calls;
        expect(maker.get(cache, "key") == maker.value && maker.calls == before + 1, "a file that was cut is believed");
    }
}

void test_cache_of_others() {
    const Scratch scratch;
    const fs::path folder = scratch.path / "kernels";
    const KernelCache cache(folder.string());
    Maker maker;
    maker.get(cache, "key");
    fs::permissions(cache.file("key"), fs::perms::others_write, fs::perm_options::add);
    maker.get(cache, "key");
    expect(maker.calls == 2, "a file that others may write is believed");
    fs::rename(cache.file("key"), scratch.path / "elsewhere");
    fs::create_symlink(scratch.path / "elsewhere", cache.file("key"));
    maker.get(cache, "key");
    expect(maker.calls == 3, "a link is followed");
    // A file stands where the folder should be: also root cannot write there.
    const KernelCache nowhere((scratch.path / "elsewhere" / "kernels").string()), none("");
    for (const KernelCache *without : {&nowhere, &none}) {
        const int before = maker.calls;
        for (int turn = 0; turn < 2; ++turn) expect(maker.get(*without, "key") == maker.value, "no binary is made");
        expect(maker.calls == before + 2, "what cannot be kept was kept");
    }
    Maker failing;
    const auto refuse = []() -> std::string { throw std::runtime_error("no compiler"); };
    try {
        cache.get("key of nothing", refuse);
        expect(false, "a failure of the compiler is hidden");
    } catch (const std::runtime_error &) {
    }
    expect(!fs::exists(cache.file("key of nothing")), "a failure is kept");
}

void test_user_folder() {
    const Variable home("HOME", "/somewhere");
    {
        const Variable cache("XDG_CACHE_HOME", "/cache");
        expect(KernelCache::user_folder() == "/cache/bertqa/kernels", "XDG_CACHE_HOME is not used");
    }
    for (const char *value : {static_cast<const char *>(nullptr), "", "relative"}) {
        const Variable cache("XDG_CACHE_HOME", value);
        expect(KernelCache::user_folder() == "/somewhere/.cache/bertqa/kernels", "the home is not used");
    }
    const Variable cache("XDG_CACHE_HOME", nullptr), no_home("HOME", nullptr);
    expect(KernelCache::user_folder().empty(), "there is a folder without a home");
}

// A driver that notes what it is asked for.

std::vector<std::string> asked;
bool context_is_missing, module_is_refused;
std::vector<uint64_t> launched;

ctorch::DriverFunctions noting_driver() {
    ctorch::DriverFunctions driver{};
    driver.error = [](int, const char **text) {
        *text = "no such thing";
        return 0;
    };
    driver.current = [](void **context) {
        *context = context_is_missing ? nullptr : &asked;
        return 0;
    };
    driver.make_current = [](void *) {
        context_is_missing = false;
        asked.push_back("made current");
        return 0;
    };
    driver.device = [](int *device, int index) {
        *device = index + 40;
        return 0;
    };
    driver.retain = [](void **context, int device) {
        *context = &asked;
        asked.push_back("retained " + std::to_string(device));
        return 0;
    };
    driver.load = [](void **module, const void *binary) {
        *module = const_cast<void *>(binary);
        asked.push_back(std::string("loaded ") + static_cast<const char *>(binary));
        return module_is_refused ? 209 : 0;
    };
    driver.find = [](void **kernel, void *module, const char *name) {
        *kernel = new std::string(std::string(static_cast<const char *>(module)) + "." + name);
        return 0;
    };
    driver.launch = [](void *kernel, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned,
                       unsigned bytes, void *stream, void **arguments, void **) {
        asked.push_back("launched " + *static_cast<std::string *>(kernel));
        launched = {x, y, z, threads, bytes, reinterpret_cast<uint64_t>(stream)};
        launched.push_back(*static_cast<int64_t *>(arguments[0]));
        launched.push_back(reinterpret_cast<uint64_t>(*static_cast<void **>(arguments[1])));
        float real;
        std::memcpy(&real, arguments[2], sizeof real);
        launched.push_back(static_cast<uint64_t>(real * 2));
        return x == 13 ? 1 : 0;
    };
    return driver;
}

void test_driver() {
    ctorch::LoadedKernels kernels(
        noting_driver(), [](int device) { return reinterpret_cast<void *>(uintptr_t(100 + device)); }, 2);
    const int value = 0;
    const auto launch = [&](Element element, int64_t blocks) {
        kernels.launch(element, Kernel::bias_gelu_forward, {blocks, 64, 10}, {int64_t(-3), &value, 1.5f});
    };
    const auto failure = [&](const auto &body) -> std::string {
        try {
            body();
            return "";
        } catch (const c10::Error &error) {
            return error.what_without_backtrace();
        }
    };
    expect(failure([&] { launch(Element::float16, 7); }) == "bias_gelu_forward was not loaded", "nothing is launched");
    context_is_missing = true;
    kernels.load(Element::float16, "half");
    launch(Element::float16, 7);
    const std::vector<std::string> calls{"retained 42", "made current", "loaded half",
                                         "launched half.bias_gelu_forward"};
    expect(asked == calls, "the driver is asked for other things");
    const std::vector<uint64_t> told{7, 1, 1, 64, 40, 102, uint64_t(-3), reinterpret_cast<uint64_t>(&value), 3};
    expect(launched == told, "the driver is told other numbers");
    expect(failure([&] { launch(Element::float16, 13); }) == "bias_gelu_forward: no such thing (1)",
           "a failure of the driver is hidden");
    for (const int64_t blocks : {int64_t(0), int64_t(1) << 31}) {
        expect(!failure([&] { launch(Element::float16, blocks); }).empty(), "an impossible number of blocks is taken");
    }
    module_is_refused = true;
    expect(failure([&] { kernels.load(Element::float32, "x"); }) == "cuModuleLoadData: no such thing (209)",
           "a binary that the driver refuses is taken");
}

int count(const std::string &text, const std::string &part) {
    int result = 0;
    for (size_t place = text.find(part); place != std::string::npos; place = text.find(part, place + 1)) ++result;
    return result;
}

/// The registers of each kernel, as the compiler's log tells them.
std::string registers(const std::string &log) {
    std::string result;
    const std::string entry = "entry function '", used = "Used ";
    for (size_t place = log.find(entry); place != std::string::npos; place = log.find(entry, place)) {
        place += entry.size();
        const size_t number = std::min(log.find(used, place), log.size() - used.size()) + used.size();
        result += " " + log.substr(place, log.find('\'', place) - place) + " " +
                  log.substr(number, log.find(' ', number) - number);
    }
    return result;
}

void test_compiler() {
    {
        const Variable wrong("BERTQA_NVRTC", "/nowhere/libnvrtc.so");
        try {
            const ctorch::DeviceCompiler none;
            expect(false, "a compiler that there is not was found");
        } catch (const c10::Error &error) {
            expect(std::strstr(error.what(), "BERTQA_NVRTC") != nullptr, "the failure does not name its cause");
        }
    }
    if (std::getenv("BERTQA_NVRTC") == nullptr) {
        std::puts("skipped: no kernel was compiled for a GPU, since BERTQA_NVRTC names no libnvrtc.so");
        return;
    }
    const ctorch::DeviceCompiler compiler;
    for (const int capability : {75, 80, 90, 100, 120}) {
        for (const Element element : ctorch::all_elements) {
            std::vector<std::string> options = ctorch::DeviceCompiler::options(capability);
            options.push_back("--ptxas-options=-v");
            std::string log;
            const std::string binary = compiler.compile(ctorch::device_program(element), options, &log);
            expect(binary.size() > 4 && binary.compare(1, 3, "ELF") == 0, "a binary is no ELF file");
            for (const char *name : ctorch::kernel_names) {
                expect(binary.find(name) != std::string::npos, std::string("a binary lacks ") + name);
            }
            expect(count(log, "bytes stack frame") == count(log, " 0 bytes stack frame, 0 bytes spill"),
                   "a kernel needs more than registers: " + log);
            std::printf("NVRTC %s, sm_%d, type %d: registers%s\n", compiler.version().c_str(), capability,
                        static_cast<int>(element), registers(log).c_str());
        }
    }
    try {
        compiler.compile("extern \"C\" __global__ void wrong() { missing(); }", ctorch::DeviceCompiler::options(90));
        expect(false, "a program with an error compiles");
    } catch (const c10::Error &error) {
        expect(std::strstr(error.what(), "missing") != nullptr, "the compiler's message is lost");
    }
}

}  // namespace

void test_kernel_loading() {
    test_cache();
    test_cache_of_others();
    test_user_folder();
    test_driver();
    test_compiler();
}
