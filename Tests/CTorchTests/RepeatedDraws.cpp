// Checkpointed stretches in passes that draw from one seed: their second run has the masks of the first, on whatever
// thread libtorch's engine computes the gradients.
#include "Harness.hpp"

#include "../../Sources/CTorch/include/CTorchGraphs.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <thread>

namespace {

/// Attention and a norm of the sum with its input, both with dropout, twice.
struct Layers {
    const Handle x = handle(at::randn({6, 16}).set_requires_grad(true));
    const Handle scale = handle(at::ones({16})), shift = handle(at::zeros({16}));
    const Handle starts = handle(at::tensor({0, 2, 6}, at::kLong)), keys = handle(at::tensor({7, 8}, at::kLong));
    const Handle device_starts = handle(starts->value.to(at::kInt));
    const at::Tensor above = at::randn({6, 16});

    Handle layer(const CTTensor *states) const {
        CTTensor *attended = nullptr, *full = nullptr, *low = nullptr;
        expect(ct_packed_attention(states, states, states, starts.get(), keys.get(), device_starts.get(), 2, 0.4, 1,
                                   &attended) == CT_OK,
               ct_last_error());
        const Handle owner(attended);
        expect(ct_add_norm(attended, nullptr, states, scale.get(), shift.get(), starts.get(), keys.get(), 0.4, 1, 1e-6,
                           &full, &low) == CT_OK,
               ct_last_error());
        ct_tensor_free(low);
        return Handle(full);
    }

    static CTStatus stretch(void *layers, CTTensor *input, CTTensor **out) {
        const Handle owner(input);
        *out = static_cast<Layers *>(layers)->layer(input).release();
        return CT_OK;
    }

    Handle result(bool checkpoints) {
        Handle states = handle(x->value);
        for (int i = 0; i < 2; ++i) {
            if (!checkpoints) {
                states = layer(states.get());
                continue;
            }
            CTTensor *out = nullptr;
            expect(ct_checkpoint(states.get(), stretch, this, [](void *) {}, &out) == CT_OK, ct_last_error());
            states.reset(out);
        }
        return states;
    }

    /// The result and the gradient of `x`, drawn from a seed; the gradient is computed on another thread.
    at::Tensor drawing(uint64_t seed, bool checkpoints) {
        expect(ct_draws_begin(CT_CPU, seed) == CT_OK, ct_last_error());
        ct_clear_grad(x.get());
        const Handle out = result(checkpoints), gradient = handle(above);
        CTStatus status = CT_ERROR;
        std::thread([&] {
            ct_walk_device_path(true);
            status = ct_backward(out.get(), gradient.get());
            expect(status == CT_OK, ct_last_error());
        }).join();
        ct_draws_end();
        return status == CT_OK ? at::cat({out->value.detach(), x->value.grad()}) : at::Tensor();
    }
};

}  // namespace

void test_repeated_draws() {
    const bool before = ct_walk_device_path(true);
    Layers layers;
    for (const uint64_t seed : {3, 4}) {
        const at::Tensor plain = layers.drawing(seed, false), again = layers.drawing(seed, true);
        expect(plain.defined() && again.defined() && plain.allclose(again, 1e-5, 1e-6),
               "a stretch that runs again has other masks");
        expect(again.equal(layers.drawing(seed, true)), "checkpointed stretches do not repeat");
    }
    expect(!layers.drawing(3, true).allclose(layers.drawing(4, true), 1e-2), "two seeds give the same masks");
    // Without one seed a call's masks come from its own, as ever.
    const Handle out = layers.result(true), ones = handle(layers.above);
    expect(ct_backward(out.get(), ones.get()) == CT_OK, ct_last_error());
    expect(ct_draws_begin(CT_CPU, 5) == CT_OK, ct_last_error());
    const Handle late = layers.result(true);
    ct_draws_end();
    expect(ct_backward(late.get(), ones.get()) == CT_ERROR &&
               std::string(ct_last_error()).find("the pass has ended") != std::string::npos,
           "gradients after the end of a pass draw other masks");
    ct_walk_device_path(before);
}
