// Version and threads.
#include "Boundary.hpp"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/cpu/Utils.h>
#include <torch/version.h>

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
