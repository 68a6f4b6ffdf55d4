// Gradient checkpointing: a stretch of the computation keeps its input alone, and runs again when its gradient is
// wanted.
//
// The stretch is the caller's, behind a C function. The backward pass calls it from inside libtorch's engine, on the
// thread that runs the engine; what it throws there is thrown again on this side of the call, so that no exception ever
// passes through the caller's frames.
//
// A pass that draws all its masks from one seed draws the same ones again from the place in it where the first run
// began. That is enough for masks from counters; operations that draw from the device's generator keep theirs.
#include "../Kernels/Generator.hpp"
#include "../Runtime/Handles.hpp"
#include "Kept.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <memory>
#include <optional>

namespace ctorch {

namespace {

/// The caller's function and what it runs on, shared by the forward pass and the graph.
class Stretch : public torch::CustomClassHolder {
  public:
    Stretch(CTStretch run, std::shared_ptr<void> context) : run_(run), context_(std::move(context)) {}

    at::Tensor operator()(const at::Tensor &x) const {
        CTTensor *out = nullptr;
        const CTStatus status = run_(context_.get(), new CTTensor(x), &out);
        const std::unique_ptr<CTTensor> result(out);
        TORCH_CHECK_WITH(OutOfMemoryError, status != CT_OUT_OF_MEMORY, ct_last_error());
        TORCH_CHECK(status == CT_OK, ct_last_error());
        TORCH_CHECK(result != nullptr, "the stretch succeeded without a result");
        return result->value;
    }

    /// The first run, after which there will be a second.
    at::Tensor first(const at::Tensor &x) {
        const Keeping keeping(position_.draws ? &kept_ : nullptr, /*again=*/false);
        return (*this)(x);
    }

    /// The second run, on the thread that computes the gradients.
    at::Tensor again(const at::Tensor &x) {
        std::optional<DrawsAgain> drawing;
        if (position_.draws) drawing.emplace(position_);
        const Keeping keeping(position_.draws ? &kept_ : nullptr, /*again=*/true);
        return (*this)(x);
    }

  private:
    const CTStretch run_;
    const std::shared_ptr<void> context_;
    const DrawPosition position_ = DrawPosition::now();
    KeptResults kept_;
};

using SharedStretch = c10::intrusive_ptr<Stretch>;

class Checkpoint : public torch::autograd::Function<Checkpoint> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                              const SharedStretch &stretch) {
        context->save_for_backward({x});
        context->saved_data["stretch"] = c10::IValue::make_capsule(stretch);
        return stretch->first(x);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto stretch = c10::static_intrusive_pointer_cast<Stretch>(context->saved_data["stretch"].toCapsule());
        const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_(true);
        at::Tensor y;
        {
            const at::AutoGradMode recording(true);
            y = stretch->again(x);
        }
        // Parameters collect their gradients here; the input's gradient is passed on.
        torch::autograd::backward({y}, {gradients[0]});
        return {x.grad(), at::Tensor()};
    }
};

}  // namespace

}  // namespace ctorch

using namespace ctorch;

CTStatus ct_checkpoint(const CTTensor *x, CTStretch run, void *context, void (*release)(void *context),
                       CTTensor **out) {
    return make_tensor(out, [&] {
        // Releases the context when the graph is gone, or at once after a failure.
        std::shared_ptr<void> owner(context, release);
        const auto stretch = c10::make_intrusive<Stretch>(run, std::move(owner));
        const at::Tensor &input = unwrap(x, "x");
        // Nothing is kept where nothing is recorded; and an input outside the graph could not start the second run.
        const bool records = at::GradMode::is_enabled() && input.requires_grad();
        return records ? Checkpoint::apply(input, stretch) : (*stretch)(input);
    });
}
