// The fused kernels of a GPU, on an emulated one, against libtorch's operations in float64.
#include "EmulatedDevice.hpp"
#include "Harness.hpp"

#include "../../Sources/CTorch/AddNorm/AddNorm.hpp"
#include "../../Sources/CTorch/BiasGelu/BiasGelu.hpp"
#include "../../Sources/CTorch/DeviceKernels/SelfCheck.hpp"
#include "../../Sources/CTorch/Dropout/Dropout.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/where.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <sstream>

namespace {

using Tensors = std::vector<at::Tensor>;

constexpr double epsilon = 1e-6;

struct Case {
    at::ScalarType type;
    int64_t tokens, width;
    double probability;
    bool has_bias, wants_low;

    std::string text() const {
        std::ostringstream text;
        text << type << " [" << tokens << ", " << width << "], dropout " << probability << (has_bias ? ", bias" : "")
             << (wants_low ? ", low" : "");
        return text.str();
    }
};

/// The steps of a type between 1 and 2, with some room for sums in another order.
double tolerance(at::ScalarType type) {
    return type == at::kFloat ? 2e-5 : type == at::kHalf ? 1e-3 : 8e-3;
}

ctorch::Draw draw(int64_t seed, int64_t call) { return {at::full({1}, seed, at::kLong), call}; }

at::Tensor leaf(at::IntArrayRef shape, at::ScalarType type = at::kFloat) {
    return at::randn(shape).to(type).set_requires_grad(true);
}

at::Tensor exact(const at::Tensor &x) { return x.detach().to(at::kDouble).set_requires_grad(true); }

void expect_close(const at::Tensor &found, const at::Tensor &expected, double most, const std::string &what) {
    if (!found.defined() || found.sizes() != expected.sizes()) return expect(false, what + " has another shape");
    const double largest = std::max(1e-6, expected.abs().max().item<double>());
    const double apart = (found.detach().to(at::kDouble) - expected.detach()).abs().max().item<double>() / largest;
    expect(apart <= most, what + " differs by " + std::to_string(apart));
}

/// The norm by libtorch's operations in float64, with the masks of the draw.
at::Tensor exact_norm(const Tensors &x, const ctorch::Draw &draw, const Case &one) {
    at::Tensor sum = one.has_bias ? x[0] + x[1] : x[0];
    if (one.probability > 0) {
        const at::Tensor kept = ctorch::drawn_elements(draw, one.tokens, one.width, one.probability);
        sum = at::where(kept, sum / (1 - one.probability), 0);
    }
    return at::layer_norm(x[2] + sum, {one.width}, x[3], x[4], epsilon);
}

void test_add_norm(EmulatedDevice &device, const Case &one) {
    const Tensors x{leaf({one.tokens, one.width}, one.type), leaf({one.width}), leaf({one.tokens, one.width}),
                    leaf({one.width}), leaf({one.width})};
    const ctorch::AddNormInputs inputs{x[0], one.has_bias ? x[1] : at::Tensor(), x[2], x[3], x[4]};
    const ctorch::Draw mask = draw(-77, 5);
    const auto [y, low] = ctorch::add_norm_on_device(device, inputs, mask, one.probability, epsilon, one.wants_low);
    Tensors plain;
    for (const at::Tensor &value : x) plain.push_back(exact(value));
    const at::Tensor expected = exact_norm(plain, mask, one);
    expect(y.scalar_type() == at::kFloat, one.text() + ": the result is no float32");
    expect_close(y, expected, tolerance(at::kFloat), one.text() + ": the result");
    // Every second gradient of both results has gaps between its numbers.
    const at::Tensor above = at::randn({one.width, one.tokens}).t();
    at::Tensor upstream = above.to(at::kDouble);
    Tensors results{y}, gradients{above};
    if (one.wants_low) {
        const at::ScalarType type = one.type == at::kHalf ? at::kHalf : at::kBFloat16;
        expect(low.scalar_type() == type && low.equal(y.to(type)), one.text() + ": the copy in 16 bits is another");
        results.push_back(low);
        gradients.push_back(at::randn({one.tokens, one.width}).to(type));
        upstream = upstream + gradients.back().to(at::kDouble);
    }
    torch::autograd::backward(results, gradients);
    torch::autograd::backward({expected}, {upstream});
    const char *names[] = {"x", "bias", "residual", "scale", "shift"};
    for (size_t number = 0; number < x.size(); ++number) {
        if (number == 1 && !one.has_bias) continue;
        const at::Tensor &gradient = x[number].grad();
        expect(gradient.defined() && gradient.scalar_type() == x[number].scalar_type(),
               one.text() + ": a gradient has another type");
        expect_close(gradient, plain[number].grad(), tolerance(number == 0 ? one.type : at::kFloat),
                     one.text() + ": the gradient of " + names[number]);
    }
    const at::NoGradGuard no_grad;
    const auto [quiet, quiet_low] =
        ctorch::add_norm_on_device(device, inputs, mask, one.probability, epsilon, one.wants_low);
    expect(quiet.equal(y) && (!one.wants_low || quiet_low.equal(low)), one.text() + ": other bits without recording");
}

void test_one_result(EmulatedDevice &device) {
    const Case one{at::kBFloat16, 11, 40, 0.1, true, true};
    const ctorch::Draw mask = draw(9, 0);
    for (const bool takes_low : {false, true}) {
        const Tensors x{leaf({11, 40}, one.type), leaf({40}), leaf({11, 40}), leaf({40}), leaf({40})};
        const auto [y, low] = ctorch::add_norm_on_device(device, {x[0], x[1], x[2], x[3], x[4]}, mask, one.probability,
                                                         epsilon, true);
        Tensors plain;
        for (const at::Tensor &value : x) plain.push_back(exact(value));
        const at::Tensor above = at::randn({11, 40}).to(at::kBFloat16);
        torch::autograd::backward({takes_low ? low : y}, {takes_low ? above : above.to(at::kFloat)});
        torch::autograd::backward({exact_norm(plain, mask, one)}, {above.to(at::kDouble)});
        for (size_t number = 0; number < x.size(); ++number) {
            expect_close(x[number].grad(), plain[number].grad(), tolerance(number == 0 ? one.type : at::kFloat),
                         std::string("a gradient through ") + (takes_low ? "the copy" : "the result") + " alone");
        }
    }
}

void test_bias_gelu(EmulatedDevice &device, const Case &one) {
    const at::Tensor h = leaf({one.tokens, one.width}, one.type), bias = leaf({one.width});
    const at::Tensor plain = exact(h), plain_bias = exact(bias);
    const at::Tensor y = ctorch::bias_gelu_on_device(device, h, bias), expected = at::gelu(plain + plain_bias);
    const at::Tensor above = at::randn({one.width, one.tokens}).t().to(one.type);
    torch::autograd::backward({y}, {above});
    torch::autograd::backward({expected}, {above.to(at::kDouble)});
    const std::string what = "GELU in " + one.text();
    expect(y.scalar_type() == one.type && h.grad().scalar_type() == one.type, what + " has another type");
    expect_close(y, expected, tolerance(one.type), what);
    expect_close(h.grad(), plain.grad(), tolerance(one.type), what + ": the gradient of h");
    expect_close(bias.grad(), plain_bias.grad(), tolerance(at::kFloat), what + ": the gradient of the bias");
}

/// A device that lets one thing go wrong.
class FaultyDevice final : public ctorch::KernelLauncher {
  public:
    explicit FaultyDevice(ctorch::Kernel skipped) : skipped_(skipped) {}

    void launch(ctorch::Element element, ctorch::Kernel kernel, const ctorch::Grid &grid,
                std::initializer_list<ctorch::Argument> arguments) override {
        if (kernel != skipped_) return device_.launch(element, kernel, grid, arguments);
        TORCH_CHECK(kernel != ctorch::Kernel::sum_of_parts, "the device is lost");
    }

  private:
    const ctorch::Kernel skipped_;
    EmulatedDevice device_;
};

void test_self_check(EmulatedDevice &device) {
    const std::string problem = ctorch::self_check(device, at::kCPU);
    expect(problem.empty(), "the check of its kernels refuses the emulated device: " + problem);
    using ctorch::Kernel;
    for (const Kernel kernel : {Kernel::add_norm_forward, Kernel::add_norm_backward, Kernel::bias_gelu_forward,
                                Kernel::bias_gelu_backward}) {
        FaultyDevice faulty(kernel);
        const std::string found = ctorch::self_check(faulty, at::kCPU);
        const char *name = kernel < Kernel::bias_gelu_forward ? "add_norm in float32: " : "bias_gelu in float32: ";
        expect(found.rfind(name, 0) == 0, "a kernel that does nothing passes, or: " + found);
    }
    FaultyDevice lost(Kernel::sum_of_parts);
    try {
        ctorch::self_check(lost, at::kCPU);
        expect(false, "a launch that fails passes");
    } catch (const c10::Error &) {
    }
}

}  // namespace

void test_fused_kernels() {
    expect(bfloat16_agrees(), "bfloat16 by whole numbers is another");
    EmulatedDevice device;
    for (const auto type : {at::kFloat, at::kBFloat16, at::kHalf}) {
        for (const int64_t width : {1, 7, 384, 1000}) {
            for (const double probability : {0.0, 0.1}) {
                for (const bool flag : {false, true}) {
                    test_add_norm(device, {type, 11, width, probability, flag, probability > 0 ? flag : !flag});
                }
            }
            test_bias_gelu(device, {type, 37, width, 0, true, false});
        }
        test_bias_gelu(device, {type, 1, 300, 0, true, false});
        test_add_norm(device, {type, 1, 64, 0.1, true, true});
    }
    // Sums that shared memory has no room for, and lines that it has no room for.
    for (const int64_t width : {ctorch::most_shared_floats / 3 + 1, ctorch::most_shared_floats + 1}) {
        test_add_norm(device, {at::kBFloat16, 3, width, 0.1, true, true});
    }
    test_one_result(device);
    test_self_check(device);
    expect(device.launches() > 100, "the emulated device was not used");
}
