// The fused kernels of a GPU, as the host starts them.
#pragma once

#include "../Runtime/Handles.hpp"

#include <cstdint>
#include <initializer_list>

namespace ctorch {

/// The type of the operands that a kernel reads.
enum class Element { float32, bfloat16, float16 };
constexpr Element all_elements[] = {Element::float32, Element::bfloat16, Element::float16};

enum class Kernel { add_norm_forward, add_norm_backward, bias_gelu_forward, bias_gelu_backward, sum_of_parts };
/// The names of the kernels in their source, in the order of `Kernel`.
constexpr const char *kernel_names[] = {"add_norm_forward", "add_norm_backward", "bias_gelu_forward",
                                        "bias_gelu_backward", "sum_of_parts"};
constexpr int kernel_count = 5;

/// Threads of a block at most; `most_threads` in Sums.inc.
constexpr int64_t most_block_threads = 256;
/// Shared memory that every GPU gives to a block, less what the kernels take besides, in float32 numbers.
constexpr int64_t most_shared_floats = 11 * 1024;

/// An argument of a kernel: its bytes, and how many they are.
struct Argument {
    Argument(const void *value) : pointer(value), size(sizeof value) {}
    Argument(int64_t value) : whole(value), size(sizeof value) {}
    Argument(uint32_t value) : bits(value), size(sizeof value) {}
    Argument(float value) : real(value), size(sizeof value) {}

    union {
        const void *pointer;
        int64_t whole;
        uint32_t bits;
        float real;
    };
    size_t size;
};

/// The memory of a tensor that a kernel reads; null for an undefined one.
inline Argument reads(const at::Tensor &x) { return x.defined() ? x.const_data_ptr() : nullptr; }
/// The memory of a tensor that a kernel writes; null for an undefined one.
inline Argument writes(const at::Tensor &x) {
    return static_cast<const void *>(x.defined() ? x.mutable_data_ptr() : nullptr);
}

/// How many blocks of how many threads, with how many numbers of shared memory.
struct Grid {
    int64_t blocks, threads, shared_floats;
};

/// What starts kernels: a GPU's driver, or an emulation in tests.
class KernelLauncher {
  public:
    virtual ~KernelLauncher() = default;
    virtual void launch(Element element, Kernel kernel, const Grid &grid,
                        std::initializer_list<Argument> arguments) = 0;
};

/// The element type of a tensor, if there are kernels for it.
std::optional<Element> element_of(const at::Tensor &x);

/// Threads for a line of `width` numbers, about eight for each: a power of two.
int64_t threads_for(int64_t width);

/// The sums over the first dimension of `parts` [count, width].
at::Tensor sum_of_parts(KernelLauncher &launcher, const at::Tensor &parts);

/// What computes on the device by kernels; null where its plain operations must do.
KernelLauncher *kernel_launcher(const at::Device &device);

/// Compiles and checks the kernels of the current GPU unless that was done or tried before. It must come before work is
/// recorded. Returns "" if they are in use, or why they are not.
const std::string &prepare_device_kernels();

}  // namespace ctorch
