// Gradients: recording and the backward pass.
#include "../Runtime/Handles.hpp"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

using namespace ctorch;

CTStatus ct_set_grad_enabled(bool enabled, bool *previous) {
    return write_numbers([&] {
        *previous = at::GradMode::is_enabled();
        at::GradMode::set_enabled(enabled);
    }, previous);
}

CTStatus ct_set_requires_grad(CTTensor *tensor, bool required) {
    return with_exception_boundary([&] { unwrap(tensor, "tensor").requires_grad_(required); });
}

CTStatus ct_requires_grad(const CTTensor *tensor, bool *out) {
    return write_numbers([&] { *out = unwrap(tensor, "tensor").requires_grad(); }, out);
}

CTStatus ct_backward(const CTTensor *tensor, const CTTensor *gradient) {
    return with_exception_boundary([&] {
        std::vector<at::Tensor> gradients;
        if (gradient != nullptr) gradients.push_back(gradient->value);
        torch::autograd::backward({unwrap(tensor, "tensor")}, gradients);
    });
}

CTStatus ct_grad(const CTTensor *tensor, CTTensor **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        const at::Tensor gradient = unwrap(tensor, "tensor").grad();
        if (gradient.defined()) *out = new CTTensor(gradient);
    });
}

CTStatus ct_clear_grad(CTTensor *tensor) {
    return with_exception_boundary([&] { unwrap(tensor, "tensor").mutable_grad().reset(); });
}

CTStatus ct_set_grad(CTTensor *tensor, const CTTensor *gradient) {
    return with_exception_boundary([&] {
        const at::Tensor &leaf = unwrap(tensor, "tensor"), &value = unwrap(gradient, "gradient");
        TORCH_CHECK(leaf.is_leaf() && value.sizes() == leaf.sizes() && value.scalar_type() == leaf.scalar_type() &&
                        value.device() == leaf.device(),
                    "the gradient of a leaf ", leaf.toString(), " ", leaf.sizes(), " cannot be ", value.toString(), " ",
                    value.sizes());
        leaf.mutable_grad() = value;
    });
}
