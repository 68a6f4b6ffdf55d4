// ct_bias_gelu by the fused kernels of a GPU (DeviceKernels/BiasGelu.inc).
#include "BiasGelu.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctorch {

namespace {

/// Tokens whose slopes one thread adds up.
constexpr int64_t gelu_stripe = 16;

class DeviceBiasGelu : public torch::autograd::Function<DeviceBiasGelu> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &h, const at::Tensor &bias,
                              KernelLauncher *launcher) {
        context->save_for_backward({h, bias});
        // Launchers stay as long as the process.
        context->saved_data["launcher"] = reinterpret_cast<int64_t>(launcher);
        const at::Tensor out = at::empty_like(h);
        launcher->launch(*element_of(h), Kernel::bias_gelu_forward, {h.size(0), threads_for(h.size(1)), 0},
                         {reads(h), reads(bias), writes(out), h.size(1)});
        return out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &h = saved[0], &bias = saved[1], gradient = gradients[0].contiguous(), none;
        auto &launcher = *reinterpret_cast<KernelLauncher *>(context->saved_data["launcher"].toInt());
        const int64_t tokens = h.size(0), width = h.size(1), threads = threads_for(width);
        const int64_t stripes = (tokens + gelu_stripe - 1) / gelu_stripe, tiles = (width + threads - 1) / threads;
        const at::Tensor out = at::empty_like(h), parts = at::empty({stripes, width}, bias.options());
        launcher.launch(*element_of(h), Kernel::bias_gelu_backward, {stripes * tiles, threads, 0},
                        {reads(h), reads(bias), reads(gradient), writes(out), writes(parts), tokens, width,
                         gelu_stripe});
        return {out, sum_of_parts(launcher, parts), none};
    }
};

}  // namespace

bool has_device_bias_gelu(const at::Tensor &h, const at::Tensor &bias) {
    return h.numel() > 0 && element_of(h) && bias.scalar_type() == at::kFloat;
}

at::Tensor bias_gelu_on_device(KernelLauncher &launcher, const at::Tensor &h, const at::Tensor &bias) {
    return DeviceBiasGelu::apply(h.contiguous(), bias.contiguous(), &launcher);
}

}  // namespace ctorch
