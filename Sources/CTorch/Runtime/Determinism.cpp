// The same bits from the same numbers on a GPU.
#include "Boundary.hpp"

#include <ATen/Context.h>

#include <cstdlib>

using namespace ctorch;

CTStatus ct_set_deterministic(bool deterministic) {
    return with_exception_boundary([&] {
        auto &context = at::globalContext();
        // cuBLAS reads this when its first handle is made, and libtorch refuses products in this mode without it.
        // What the user has set stays.
        if (deterministic) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
        context.setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
        context.setDeterministicCuDNN(deterministic);
        // It would write NaN to each new tensor first. Every result here is written in full.
        context.setDeterministicFillUninitializedMemory(false);
    });
}

bool ct_deterministic(void) { return at::globalContext().deterministicAlgorithms(); }
