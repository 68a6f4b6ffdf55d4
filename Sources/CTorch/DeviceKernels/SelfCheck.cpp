#include "SelfCheck.hpp"

#include "../AddNorm/AddNorm.hpp"
#include "../BiasGelu/BiasGelu.hpp"
#include "../Dropout/Dropout.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <functional>
#include <sstream>
#include <vector>

namespace ctorch {

namespace {

using Tensors = std::vector<at::Tensor>;
/// Results, given leaves.
using Function = std::function<Tensors(const Tensors &)>;

constexpr int64_t check_tokens = 37;
constexpr double check_probability_of_drop = 0.1;

/// How far the numbers of two ways may lie apart, in proportion to the largest: sums are rounded in another order, and
/// results to their type, between whose steps they may fall on either side.
double tolerance_of(Element element) {
    switch (element) {
    case Element::float32: return 1e-4;
    case Element::bfloat16: return 2e-2;
    case Element::float16: return 3e-3;
    }
    return 0;
}

at::ScalarType type_of(Element element) {
    switch (element) {
    case Element::float32: return at::kFloat;
    case Element::bfloat16: return at::kBFloat16;
    case Element::float16: return at::kHalf;
    }
    TORCH_CHECK(false, "unknown element type ", static_cast<int>(element));
}

/// Numbers between -2 and 2 that need no generator, so that no other's numbers change.
at::Tensor numbers(at::IntArrayRef shape, double step, const at::TensorOptions &options) {
    const int64_t count = c10::multiply_integers(shape);
    return at::arange(count, options.dtype(at::kFloat)).mul_(step).sin_().mul_(2).view(shape).to(options);
}

/// What results and gradients are called in messages.
const char *const add_norm_names[] = {"the result", "its copy in 16 bits", "the gradient of x", "that of the bias",
                                      "that of the residual", "that of the scale", "that of the shift"};
const char *const bias_gelu_names[] = {"the result", "the gradient of h", "that of the bias"};

/// The results of a function of these numbers, then the gradients of all.
Tensors with_gradients(const Function &function, const Tensors &values) {
    Tensors leaves;
    for (const at::Tensor &value : values) leaves.push_back(value.detach().clone().set_requires_grad(true));
    Tensors all = function(leaves), upstream;
    for (const at::Tensor &result : all) upstream.push_back(numbers(result.sizes(), 0.37, result.options()));
    for (at::Tensor &gradient : torch::autograd::grad(all, leaves, upstream)) all.push_back(std::move(gradient));
    return all;
}

/// "", or which results of two functions differ.
std::string difference(const Function &kernel, const Function &plain, const Tensors &values, const char *const *names,
                       double tolerance) {
    const Tensors found = with_gradients(kernel, values), expected = with_gradients(plain, values);
    for (size_t number = 0; number < expected.size(); ++number) {
        const at::Tensor exact = expected[number].to(at::kDouble);
        const double largest = exact.abs().max().item<double>();
        const double most = (found[number].to(at::kDouble) - exact).abs().max().item<double>();
        const double apart = most / std::max(1e-30, largest);
        if (apart <= tolerance) continue;  // Not if it is no number.
        std::ostringstream text;
        text << names[number] << " differs by " << apart << " of the largest number";
        return text.str();
    }
    return "";
}

std::string check_add_norm(KernelLauncher &launcher, Element element, int64_t width, const Draw &draw) {
    const at::TensorOptions full = draw.seed.options().dtype(at::kFloat);
    const Tensors values{numbers({check_tokens, width}, 0.71, full.dtype(type_of(element))),
                         numbers({width}, 0.13, full), numbers({check_tokens, width}, 1.3, full),
                         numbers({width}, 0.57, full), numbers({width}, 0.91, full)};
    const auto function = [&](const auto &compute) -> Function {
        return [compute](const Tensors &x) {
            const std::pair<at::Tensor, at::Tensor> results = compute(AddNormInputs{x[0], x[1], x[2], x[3], x[4]});
            return Tensors{results.first, results.second};
        };
    };
    constexpr double epsilon = 1e-12;
    return difference(
        function([&](const AddNormInputs &x) {
            return add_norm_on_device(launcher, x, draw, check_probability_of_drop, epsilon, true);
        }),
        function([&](const AddNormInputs &x) {
            return add_norm_drawn(x, draw, check_probability_of_drop, epsilon, true);
        }),
        values, add_norm_names, tolerance_of(element));
}

std::string check_bias_gelu(KernelLauncher &launcher, Element element, int64_t width, const Draw &draw) {
    const at::TensorOptions full = draw.seed.options().dtype(at::kFloat);
    const Tensors values{numbers({check_tokens, width}, 0.71, full.dtype(type_of(element))),
                         numbers({width}, 0.13, full)};
    return difference([&](const Tensors &x) { return Tensors{bias_gelu_on_device(launcher, x[0], x[1])}; },
                      [](const Tensors &x) {
                          // The sum is not rounded to 16 bits on the way.
                          return Tensors{bias_gelu_plain(x[0].to(at::kFloat), x[1]).to(x[0].scalar_type())};
                      },
                      values, bias_gelu_names, tolerance_of(element));
}

/// A norm of masked ones is above 0 where they were kept.
std::string check_masks(KernelLauncher &launcher, Element element, int64_t width, const Draw &draw) {
    const at::TensorOptions full = draw.seed.options().dtype(at::kFloat);
    const at::Tensor x = at::ones({check_tokens, width}, full.dtype(type_of(element)));
    const AddNormInputs inputs{x, {}, at::zeros({check_tokens, width}, full), at::ones({width}, full),
                               at::zeros({width}, full)};
    const at::NoGradGuard no_grad;
    const at::Tensor y = add_norm_on_device(launcher, inputs, draw, 0.5, 1e-12, false).first;
    const bool equal = y.gt(0).equal(drawn_elements(draw, check_tokens, width, 0.5));
    return equal ? "" : "it drops other elements";
}

}  // namespace

std::string self_check(KernelLauncher &launcher, const at::Device &device) {
    const at::AutoGradMode records(true);
    const Draw draw{at::full({1}, int64_t(0x5DEECE66D1234567), at::TensorOptions().dtype(at::kLong).device(device)), 3};
    static const char *const types[] = {"float32", "bfloat16", "float16"};
    for (const Element element : all_elements) {
        // One width whose sums fit into shared memory, and one that is odd.
        for (const int64_t width : {int64_t(384), int64_t(77)}) {
            const std::pair<const char *, std::string> found[] = {
                {"add_norm", check_masks(launcher, element, width, draw)},
                {"add_norm", check_add_norm(launcher, element, width, draw)},
                {"bias_gelu", check_bias_gelu(launcher, element, width, draw)}};
            for (const auto &[name, problem] : found) {
                if (problem.empty()) continue;
                return std::string(name) + " in " + types[static_cast<size_t>(element)] + ": " + problem;
            }
        }
    }
    return "";
}

}  // namespace ctorch
