// What the C++ tests of the shim share. They run outside SwiftPM, under sanitizers: Tools/sanitize_shim.sh.
#pragma once

#include "../../Sources/CTorch/Runtime/Handles.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// Counts a failure and prints where it is, unless `holds`.
void expect(bool holds, const std::string &what);
/// How many expectations failed.
int failures();

using Handle = std::unique_ptr<CTTensor>;

inline Handle handle(at::Tensor tensor) { return std::make_unique<CTTensor>(std::move(tensor)); }

/// Two handles, as a call that writes up to two of them leaves them.
struct Results {
    CTTensor *first = reinterpret_cast<CTTensor *>(0x10), *second = nullptr;
};

/// One function of the C interface, with operands that it takes.
struct Entry {
    std::string name;
    std::vector<at::Tensor> operands;
    /// Calls the function. Out-parameters are the results'.
    std::function<CTStatus(const std::vector<CTTensor *> &, Results &)> call;
    bool writes_two = false;
};

/// Every function that takes tensors and makes one or two.
std::vector<Entry> entries();

/// Foreign devices, strides, types, shapes and NULL in every place of every function.
void test_operands();
/// Failures of the host's memory while handles are made.
void test_allocation_failures();
/// What the optimizer and the processes' functions refuse.
void test_other_functions();
/// The fused kernels' code on an emulated device against float64.
void test_fused_kernels();
/// Masks from counters, plain and recorded.
void test_drawn_masks();
/// Checkpointed stretches in passes that draw from one seed.
void test_repeated_draws();
/// How kernels are compiled, kept on disk, loaded and launched.
void test_kernel_loading();
