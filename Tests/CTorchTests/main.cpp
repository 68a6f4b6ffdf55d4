// Runs the C++ tests of the shim.
#include "Harness.hpp"

namespace {

int failed = 0;

}  // namespace

void expect(bool holds, const std::string &what) {
    if (holds) return;
    ++failed;
    std::fprintf(stderr, "failed: %s\n", what.c_str());
}

int failures() { return failed; }

int main() {
    test_operands();
    test_other_functions();
    test_fused_kernels();
    test_drawn_masks();
    test_repeated_draws();
    test_kernel_loading();
    test_allocation_failures();
    if (failures() == 0) std::puts("the C interface: no failure");
    return failures() == 0 ? 0 : 1;
}
