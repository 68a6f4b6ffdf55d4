// ct_add_norm by the fused kernels of a GPU (DeviceKernels/AddNorm.inc).
#include "../Kernels/Random.hpp"
#include "AddNorm.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctorch {

namespace {

/// Tokens whose sums one block adds up.
constexpr int64_t stripe = 8;

/// What kernels take of a draw and a probability.
struct DeviceMask {
    DeviceMask(const Draw &draw, double probability)
        : draw(draw), threshold(drop_threshold(probability)), keep(static_cast<float>(1.0 / (1.0 - probability))) {}

    const Draw draw;
    const uint32_t threshold;
    const float keep;
};

struct DeviceOutputs {
    at::Tensor y, low, n, inverse;
};

/// y, its copy in 16 bits if wanted, and what the backward pass needs if it is to come.
DeviceOutputs normalise_on_device(KernelLauncher &launcher, const AddNormInputs &inputs, const DeviceMask &mask,
                                  double epsilon, bool wants_low, bool keeps) {
    const at::Tensor &x = inputs.x;
    const int64_t tokens = x.size(0), width = x.size(1);
    const bool fits = width <= most_shared_floats;
    const at::TensorOptions full = x.options().dtype(at::kFloat);
    DeviceOutputs out{at::empty({tokens, width}, full), {}, {}, {}};
    if (wants_low) out.low = at::empty({tokens, width}, x.options().dtype(low_type(x)));
    if (keeps || !fits) out.n = at::empty({tokens, width}, full);
    if (keeps) out.inverse = at::empty({tokens}, full);
    launcher.launch(*element_of(x), Kernel::add_norm_forward, {tokens, threads_for(width), fits ? width : 0},
                    {reads(x), reads(inputs.bias), reads(inputs.residual), reads(inputs.scale), reads(inputs.shift),
                     reads(mask.draw.seed), writes(out.y), writes(out.low), writes(out.n), writes(out.inverse), width,
                     mask.draw.call, mask.threshold, mask.keep, static_cast<float>(epsilon),
                     static_cast<uint32_t>(fits)});
    return out;
}

struct DeviceGradients {
    /// Sums: of scale, shift and bias, [3, H].
    at::Tensor dx, dresidual, sums;
};

/// `high` and `low` are the gradients of the two results, of which one may be undefined.
DeviceGradients gradients_on_device(KernelLauncher &launcher, at::ScalarType type, const at::Tensor &high,
                                    const at::Tensor &low, const at::Tensor &n, const at::Tensor &inverse,
                                    const at::Tensor &scale, const DeviceMask &mask) {
    const int64_t tokens = n.size(0), width = n.size(1), blocks = (tokens + stripe - 1) / stripe;
    const bool fits = 3 * width <= most_shared_floats;
    DeviceGradients out{at::empty(n.sizes(), n.options().dtype(type)), at::empty_like(n), {}};
    const at::Tensor parts = at::empty({blocks, 3 * width}, n.options());
    launcher.launch(*element_of(out.dx), Kernel::add_norm_backward, {blocks, threads_for(width), fits ? 3 * width : 0},
                    {reads(high), reads(low), reads(n), reads(inverse), reads(scale), reads(mask.draw.seed),
                     writes(out.dx), writes(out.dresidual), writes(parts), tokens, width, stripe, mask.draw.call,
                     mask.threshold, mask.keep, static_cast<uint32_t>(fits)});
    out.sums = sum_of_parts(launcher, parts).view({3, width});
    return out;
}

class DeviceAddNorm : public torch::autograd::Function<DeviceAddNorm> {
  public:
    static torch::autograd::variable_list forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                                                  const std::optional<at::Tensor> &bias, const at::Tensor &residual,
                                                  const at::Tensor &scale, const at::Tensor &shift,
                                                  const at::Tensor &seed, int64_t call, double probability,
                                                  double epsilon, bool wants_low, KernelLauncher *launcher) {
        const AddNormInputs inputs{x, bias.value_or(at::Tensor()), residual, scale, shift};
        const DeviceOutputs out =
            normalise_on_device(*launcher, inputs, {{seed, call}, probability}, epsilon, wants_low, true);
        // That the seed is saved makes a backward pass an error that would come after the next seed.
        context->save_for_backward({out.n, out.inverse, scale, seed});
        context->saved_data["call"] = call;
        context->saved_data["probability"] = probability;
        context->saved_data["type"] = static_cast<int64_t>(x.scalar_type());
        context->saved_data["bias"] = bias.has_value();
        // Launchers stay as long as the process.
        context->saved_data["launcher"] = reinterpret_cast<int64_t>(launcher);
        context->set_materialize_grads(false);
        if (wants_low) return {out.y, out.low};
        return {out.y};
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        auto &data = context->saved_data;
        const auto saved = context->get_saved_variables();
        const at::Tensor none;
        const auto whole = [&](size_t number) {
            return number < gradients.size() && gradients[number].defined() ? gradients[number].contiguous() : none;
        };
        const DeviceGradients out = gradients_on_device(
            *reinterpret_cast<KernelLauncher *>(data["launcher"].toInt()),
            static_cast<at::ScalarType>(data["type"].toInt()), whole(0), whole(1), saved[0], saved[1], saved[2],
            {{saved[3], data["call"].toInt()}, data["probability"].toDouble()});
        const at::Tensor dbias = data["bias"].toBool() ? out.sums[2] : none;
        return {out.dx, dbias, out.dresidual, out.sums[0], out.sums[1], none, none, none, none, none, none};
    }
};

}  // namespace

bool has_device_add_norm(const AddNormInputs &inputs) {
    const auto is_float = [](const at::Tensor &x) { return x.scalar_type() == at::kFloat; };
    return inputs.x.numel() > 0 && element_of(inputs.x) && is_float(inputs.residual) && is_float(inputs.scale) &&
           is_float(inputs.shift) && (!inputs.bias.defined() || is_float(inputs.bias));
}

std::pair<at::Tensor, at::Tensor> add_norm_on_device(KernelLauncher &launcher, const AddNormInputs &given,
                                                     const Draw &draw, double probability, double epsilon,
                                                     bool wants_low) {
    const AddNormInputs inputs{given.x.contiguous(), given.bias.defined() ? given.bias.contiguous() : given.bias,
                               given.residual.contiguous(), given.scale.contiguous(), given.shift.contiguous()};
    if (!at::GradMode::is_enabled()) {
        const DeviceOutputs out =
            normalise_on_device(launcher, inputs, {draw, probability}, epsilon, wants_low, false);
        return {out.y, out.low};
    }
    // Autograd takes no undefined tensors.
    const auto bias = inputs.bias.defined() ? std::make_optional(inputs.bias) : std::nullopt;
    const auto results = DeviceAddNorm::apply(inputs.x, bias, inputs.residual, inputs.scale, inputs.shift, draw.seed,
                                              draw.call, probability, epsilon, wants_low, &launcher);
    return {results[0], results.size() > 1 ? results[1] : at::Tensor()};
}

}  // namespace ctorch
