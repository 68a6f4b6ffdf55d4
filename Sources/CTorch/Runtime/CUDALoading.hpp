// libtorch's CUDA half.
#pragma once

#include <string>

namespace ctorch {

/// Loads libtorch's CUDA half if there is one, so that its kernels register themselves; returns whether there is.
/// The linker would drop it, since nothing here refers to it, and a build without it must work.
bool load_cuda() noexcept;

/// The folder that libtorch was loaded from, links resolved; empty if the system does not tell.
std::string libtorch_folder();

}  // namespace ctorch
