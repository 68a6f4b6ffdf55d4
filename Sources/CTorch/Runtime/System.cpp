// Version, threads, kept products and memory figures.
#include "Boundary.hpp"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/cpu/Utils.h>
#include <torch/version.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

using namespace ctorch;

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

CTStatus ct_keep_products(int32_t count) {
    return with_exception_boundary([&] {
        TORCH_CHECK(count >= 1, "the number of products to keep must be at least 1, not ", count);
        const std::string text = std::to_string(count);
        for (const char *name : {"ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"}) {
            TORCH_CHECK(setenv(name, text.c_str(), 0) == 0, "setenv: ", std::strerror(errno));
        }
    });
}

CTStatus ct_memory(int64_t *resident, int64_t *peak) {
    return write_numbers([&] {
        rusage usage{};
        TORCH_CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage: ", std::strerror(errno));
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
    }, resident, peak);
}
