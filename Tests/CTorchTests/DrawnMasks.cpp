// Masks that are drawn from counters: those of the plain operations, of the kernels, and of recorded work.
#include "EmulatedDevice.hpp"
#include "Harness.hpp"

#include "../../Sources/CTorch/AddNorm/AddNorm.hpp"
#include "../../Sources/CTorch/Dropout/Dropout.hpp"
#include "../../Sources/CTorch/Kernels/Random.hpp"
#include "../../Sources/CTorch/include/CTorchGraphs.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <limits>

namespace {

ctorch::Draw draw(int64_t seed, int64_t call) { return {at::full({1}, seed, at::kLong), call}; }

/// What the CPU's kernels would keep of the same streams.
at::Tensor kept_by_formula(int64_t seed, int64_t call, int64_t tokens, int64_t width, double probability) {
    const at::Tensor result = at::zeros({tokens, width}, at::kBool);
    bool *kept = result.mutable_data_ptr<bool>();
    for (int64_t token = 0; token < tokens; ++token) {
        const uint64_t stream =
            ctorch::mask_stream(static_cast<uint64_t>(seed), call, static_cast<uint64_t>(token));
        for (int64_t j = 0; j < width; ++j) {
            kept[token * width + j] = ctorch::mask_bits(stream, static_cast<uint32_t>(j)) >=
                                      ctorch::drop_threshold(probability);
        }
    }
    return result;
}

/// What a kernel keeps: a norm of masked ones is above 0 there.
at::Tensor kept_by_kernel(EmulatedDevice &device, const ctorch::Draw &draw, at::ScalarType type, int64_t tokens,
                          int64_t width, double probability) {
    const at::NoGradGuard no_grad;
    const ctorch::AddNormInputs inputs{at::ones({tokens, width}, type), {}, at::zeros({tokens, width}),
                                       at::ones({width}), at::zeros({width})};
    return ctorch::add_norm_on_device(device, inputs, draw, probability, 1e-12, false).first.gt(0);
}

void test_bits() {
    EmulatedDevice device;
    constexpr int64_t least = std::numeric_limits<int64_t>::min();
    for (const int64_t seed : {int64_t(0), int64_t(1), int64_t(-1), least, int64_t(0x123456789ABCDEF)}) {
        for (const int64_t call : {0, 1, 50}) {
            for (const double probability : {0.1, 0.5, 0.999}) {
                const at::Tensor plain = ctorch::drawn_elements(draw(seed, call), 9, 130, probability);
                expect(plain.equal(kept_by_formula(seed, call, 9, 130, probability)), "the plain masks are others");
            }
            for (const auto type : {at::kFloat, at::kBFloat16, at::kHalf}) {
                const at::Tensor found = kept_by_kernel(device, draw(seed, call), type, 9, 130, 0.1);
                expect(found.equal(kept_by_formula(seed, call, 9, 130, 0.1)), "a kernel's masks are others");
            }
        }
    }
    const at::Tensor mask = ctorch::drawn_elements(draw(3, 0), 200, 384, 0.1);
    const double share = mask.to(at::kDouble).mean().item<double>();
    expect(share > 0.89 && share < 0.91, "dropout of 0.1 keeps " + std::to_string(share));
    expect(!mask.equal(ctorch::drawn_elements(draw(4, 0), 200, 384, 0.1)), "another seed gives the same mask");
    expect(!mask.equal(ctorch::drawn_elements(draw(3, 1), 200, 384, 0.1)), "another call gives the same mask");
    // The seed is read when the device gets to it.
    ctorch::Draw moved = draw(3, 0);
    moved.seed.fill_(4);
    expect(ctorch::drawn_elements(moved, 200, 384, 0.1).equal(ctorch::drawn_elements(draw(4, 0), 200, 384, 0.1)),
           "a seed that was overwritten is not read again");
}

/// Two norms and their gradients, on places that stay.
struct Work {
    const Handle x = handle(at::randn({6, 32}).set_requires_grad(true)), residual = handle(at::randn({6, 32}));
    const Handle scale = handle(at::ones({32})), shift = handle(at::zeros({32}));
    const at::Tensor above = at::randn({6, 32}), out = at::zeros({2, 6, 32}), gradients = at::zeros({2, 6, 32});
    const Handle starts = handle(at::tensor({0, 6}, at::kLong)), keys = handle(at::tensor({7}, at::kLong));

    CTStatus run() const {
        for (const int64_t call : {0, 1}) {
            CTTensor *full = nullptr, *low = nullptr;
            const CTStatus status =
                ct_add_norm(x.get(), nullptr, residual.get(), scale.get(), shift.get(), starts.get(), keys.get(), 0.5,
                            1, 1e-6, &full, &low);
            const Handle owner(full), low_owner(low);
            if (status != CT_OK) return status;
            const auto gradient = torch::autograd::grad({full->value}, {x->value}, {above});
            const at::NoGradGuard no_grad;
            out[call].copy_(full->value);
            gradients[call].copy_(gradient[0]);
        }
        return CT_OK;
    }

    static CTStatus run(void *work) { return static_cast<Work *>(work)->run(); }

    /// What `body` makes of the place, drawing from a seed.
    template <class Body> at::Tensor drawing(uint64_t seed, const Body &body) const {
        expect(ct_draws_begin(CT_CPU, seed) == CT_OK, ct_last_error());
        expect(body() == CT_OK, ct_last_error());
        ct_draws_end();
        return at::cat({out, gradients});
    }
};

void test_passes() {
    Work work;
    const auto plainly = [&] { return work.run(); };
    const at::Tensor kernel = work.drawing(5, plainly), again = work.drawing(6, plainly);
    expect(kernel.equal(again), "the CPU's masks depend on a seed that is not theirs");
    const bool before = ct_walk_device_path(true);
    const at::Tensor first = work.drawing(5, plainly);
    expect(first.equal(work.drawing(5, plainly)), "a pass does not repeat");
    expect(!first.equal(work.drawing(6, plainly)), "another seed gives the same masks");
    expect(!first[0].equal(first[1]), "two calls have the same mask");
    const ctorch::AddNormInputs inputs{work.x->value, {}, work.residual->value, work.scale->value, work.shift->value};
    const at::Tensor second = ctorch::add_norm_drawn(inputs, draw(5, 1), 0.5, 1e-6, false).first;
    expect(first[1].equal(second.detach()), "the second call of a pass is not the second draw");
    CTGraphPool *pool = nullptr;
    CTGraph *graph = nullptr;
    expect(ct_graph_pool_create(CT_CPU, &pool) == CT_OK, ct_last_error());
    const at::Tensor recorded =
        work.drawing(5, [&] { return ct_graph_capture(pool, Work::run, static_cast<void *>(&work), &graph); });
    expect(recorded.equal(first), "recorded work has other masks");
    for (const uint64_t seed : {8, 5, 9}) {
        {
            const at::NoGradGuard no_grad;
            work.x->value.normal_();
        }
        const at::Tensor replayed = work.drawing(seed, [&] { return ct_graph_replay(graph); });
        expect(replayed.equal(work.drawing(seed, plainly)), "a replayed pass has other bits than a plain one");
    }
    ct_graph_free(graph);
    ct_graph_pool_free(pool);
    ct_walk_device_path(before);
}

/// A backward pass would draw other masks than the forward pass did.
void test_late_gradients() {
    EmulatedDevice device;
    const at::Tensor x = at::randn({4, 16}).set_requires_grad(true), ones = at::ones({16});
    const ctorch::Draw mask = draw(1, 0);
    const ctorch::AddNormInputs inputs{x, {}, at::zeros({4, 16}), ones, ones};
    const at::Tensor y = ctorch::add_norm_on_device(device, inputs, mask, 0.1, 1e-6, false).first;
    mask.seed.fill_(2);
    try {
        torch::autograd::backward({y}, {at::ones({4, 16})});
        expect(false, "a backward pass after the next seed draws other masks");
    } catch (const c10::Error &) {
    }
}

}  // namespace

void test_drawn_masks() {
    test_bits();
    test_late_gradients();
    test_passes();
    expect(ct_adds_bias_later(CT_CPU) && !ct_adds_bias_later(CT_CUDA) && !ct_adds_bias_later(CT_MPS),
           "a device without fused kernels leaves biases to them");
    expect(std::string(ct_fused_kernels(CT_CPU)) != "in use", "the CPU has a GPU's kernels");
}
