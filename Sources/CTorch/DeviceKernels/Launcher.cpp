#include "Launcher.hpp"

#include <ATen/ops/empty.h>

namespace ctorch {

std::optional<Element> element_of(const at::Tensor &x) {
    switch (x.scalar_type()) {
    case at::kFloat: return Element::float32;
    case at::kBFloat16: return Element::bfloat16;
    case at::kHalf: return Element::float16;
    default: return std::nullopt;
    }
}

int64_t threads_for(int64_t width) {
    int64_t threads = 32;
    while (threads < most_block_threads && threads * 8 < width) threads *= 2;
    return threads;
}

at::Tensor sum_of_parts(KernelLauncher &launcher, const at::Tensor &parts) {
    const int64_t width = parts.size(1);
    const at::Tensor total = at::empty({width}, parts.options());
    // Its operands are float32 in every program.
    launcher.launch(Element::float32, Kernel::sum_of_parts, {(width + 31) / 32, most_block_threads, 0},
                    {reads(parts), writes(total), parts.size(0), width});
    return total;
}

}  // namespace ctorch
