// What functions without a tensor for a result refuse.
#include "Harness.hpp"

#include "../../Sources/CTorch/include/CTorchProcesses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

namespace {

/// A parameter with a gradient of ones.
Handle parameter(at::IntArrayRef shape) {
    const at::Tensor leaf = at::ones(shape).set_requires_grad(true);
    leaf.mutable_grad() = at::ones(shape);
    return handle(leaf);
}

CTStatus step(CTTensor *parameter, CTTensor *first, CTTensor *second, const CTTensor *skip = nullptr) {
    return ct_adamw_step(&parameter, &first, &second, 1, 1, 0.1, 0.9, 0.999, 1e-8, 0.01, skip, nullptr);
}

void test_optimizer() {
    const Handle x = parameter({4, 6}), zeros = handle(at::zeros({4, 6})), more = handle(at::zeros({4, 6}));
    expect(step(x.get(), zeros.get(), more.get()) == CT_OK, std::string("a step fails: ") + ct_last_error());
    const at::Tensor wide = at::zeros({4, 12});
    const std::pair<const char *, at::Tensor> wrong[] = {
        {"fewer elements", at::zeros({4, 5})},
        {"gaps", wide.as_strided({4, 6}, {12, 2})},
        {"transposed", at::zeros({6, 4}).t()},
        {"float64", at::zeros({4, 6}, at::kDouble)},
        {"another device", at::zeros({4, 6}, at::TensorOptions().device(at::kMeta))},
    };
    for (const auto &[name, tensor] : wrong) {
        const Handle bad = handle(tensor);
        expect(step(x.get(), bad.get(), more.get()) == CT_ERROR, std::string("a first moment is taken with ") + name);
        expect(step(x.get(), zeros.get(), bad.get()) == CT_ERROR, std::string("a second moment is taken with ") + name);
    }
    expect(step(x.get(), nullptr, more.get()) == CT_ERROR, "a moment that is NULL is taken");
    expect(ct_adamw_step(nullptr, nullptr, nullptr, 2, 1, 0.1, 0.9, 0.999, 1e-8, 0, nullptr, nullptr) == CT_ERROR,
           "arrays that are NULL are taken");
    CTTensor *norms = reinterpret_cast<CTTensor *>(0x10);
    expect(ct_clip_grad_norm(nullptr, 2, 1, &norms) == CT_ERROR && norms == nullptr, "clip_grad_norm takes NULL");
    norms = reinterpret_cast<CTTensor *>(0x10);
    expect(ct_not_finite(nullptr, 2, &norms) == CT_ERROR && norms == nullptr, "not_finite takes NULL");
}

const CTTensor *const nothing_there = nullptr;

void test_steps_by_tensors() {
    const Handle x = parameter({4, 6}), first = handle(at::zeros({4, 6})), second = handle(at::zeros({4, 6}));
    const Handle number = handle(at::ones({})), zero = handle(at::zeros({})), wide = handle(at::ones({2}));
    const auto step = [&](const CTTensor *rate, const CTTensor *count, const CTTensor *skip, const CTTensor *skipped) {
        CTTensor *parameter = x.get(), *m = first.get(), *v = second.get();
        return ct_adamw_step_by_tensors(&parameter, &m, &v, 1, rate, count, 0.9, 0.999, 1e-8, 0, nullptr, skip,
                                        skipped);
    };
    const CTTensor *one = number.get(), *none = zero.get();
    expect(step(one, one, none, none) == CT_OK, std::string("a step by tensors fails: ") + ct_last_error());
    for (size_t place = 0; place < 4; ++place) {
        for (const CTTensor *wrong : {nothing_there, static_cast<const CTTensor *>(wide.get())}) {
            const CTTensor *numbers[] = {one, one, none, none};
            numbers[place] = wrong;
            expect(step(numbers[0], numbers[1], numbers[2], numbers[3]) == CT_ERROR, "a step takes wrong numbers");
        }
    }
    const Handle scale = handle(at::full({}, 4.0)), steps = handle(at::zeros({}, at::kInt));
    CTTensor *list[] = {x.get()};
    expect(ct_unscale_gradients(list, 1, scale.get()) == CT_OK && x->value.grad().sum().item<float>() == 6,
           "gradients are not divided by the scale");
    expect(ct_unscale_gradients(list, 1, nullptr) == CT_ERROR && ct_unscale_gradients(list, 1, wide.get()) == CT_ERROR,
           "a wrong scale is taken");
    expect(ct_update_scale(scale.get(), steps.get(), number.get(), 2, 0.5, 10) == CT_OK &&
               scale->value.item<float>() == 2,
           "the scale is not halved");
    expect(ct_update_scale(scale.get(), number.get(), number.get(), 2, 0.5, 10) == CT_ERROR, "steps are no float");
    expect(ct_update_scale(scale.get(), steps.get(), number.get(), 2, 0.5, 0) == CT_ERROR, "an interval of 0 is taken");
}

/// A step that divides gradients by the factor of the clipping and the loss's scale is the one after both.
void test_measured_gradients() {
    const auto stepped = [](bool joined) {
        const Handle x = parameter({4, 6}), first = handle(at::zeros({4, 6})), second = handle(at::zeros({4, 6}));
        x->value.mutable_grad() = at::arange(24, at::kFloat).view({4, 6}) * 8;
        const Handle one = handle(at::ones({})), none = handle(at::zeros({})), scale = handle(at::full({}, 8.0));
        CTTensor *parameter = x.get(), *m = first.get(), *v = second.get(), *norms = nullptr, *divisor = nullptr;
        if (joined) {
            expect(ct_measure_gradients(&parameter, 1, 0.5, scale.get(), &norms, &divisor) == CT_OK, ct_last_error());
        } else {
            expect(ct_unscale_gradients(&parameter, 1, scale.get()) == CT_OK, ct_last_error());
            expect(ct_clip_grad_norm(&parameter, 1, 0.5, &norms) == CT_OK, ct_last_error());
        }
        const Handle owner(norms), divides(divisor);
        expect(ct_adamw_step_by_tensors(&parameter, &m, &v, 1, one.get(), one.get(), 0.9, 0.999, 1e-8, 0, divisor,
                                        none.get(), none.get()) == CT_OK,
               ct_last_error());
        return at::cat({norms->value, m->value.flatten(), v->value.flatten()});
    };
    expect(stepped(true).allclose(stepped(false), 1e-6, 0), "a step that clips while it reads is another");
    const Handle x = parameter({4, 6}), wide = handle(at::ones({2}));
    CTTensor *parameter = x.get(), *norms = nullptr, *divisor = reinterpret_cast<CTTensor *>(0x10);
    expect(ct_measure_gradients(&parameter, 1, 1, wide.get(), &norms, &divisor) == CT_ERROR && divisor == nullptr,
           "a wrong scale is taken");
    expect(ct_measure_gradients(nullptr, 0, 1, nullptr, &norms, &divisor) == CT_ERROR, "nothing is measured");
}

void test_places() {
    const Handle x = parameter({4, 6}), other = handle(at::ones({4, 5}));
    for (const CTTensor *wrong : {nothing_there, static_cast<const CTTensor *>(other.get())}) {
        expect(ct_tensor_fill(x.get(), wrong) == CT_ERROR, "a wrong source fills a tensor");
        expect(ct_set_grad(x.get(), wrong) == CT_ERROR, "a wrong gradient is taken");
        expect(ct_accumulate(x.get(), wrong) == CT_ERROR, "a wrong summand is taken");
    }
    expect(ct_tensor_fill(nullptr, other.get()) == CT_ERROR && ct_zero(nullptr) == CT_ERROR, "NULL is filled");
    // Ids that are trusted are not looked at again, also after they were overwritten.
    const Handle table = handle(at::ones({4, 2})), ids = handle(at::zeros({3}, at::kLong));
    CTTensor *trusted = nullptr, *out = nullptr;
    expect(ct_trusted_ids(ids.get(), 0, 3, 3, &trusted) == CT_OK, ct_last_error());
    const Handle owner(trusted), three = handle(at::full({3}, 3, at::kLong));
    expect(ct_tensor_fill(ids.get(), three.get()) == CT_OK && ct_embedding(table.get(), trusted, &out) == CT_OK,
           "overwritten ids are refused");
    ct_tensor_free(out);
    CTTensor *high = nullptr;
    expect(ct_trusted_ids(ids.get(), 0, 3, 4, &high) == CT_OK, ct_last_error());
    const Handle too_high(high);
    expect(ct_embedding(table.get(), high, &out) == CT_ERROR && out == nullptr, "a limit beyond the table is taken");
}

CTStatus nothing(void *) { return CT_OK; }

void test_graphs() {
    CTGraph *graph = reinterpret_cast<CTGraph *>(0x10);
    expect(ct_graph_capture(nullptr, nothing, nullptr, &graph) == CT_ERROR && graph == nullptr, "no pool is taken");
    expect(ct_graph_replay(nullptr) == CT_ERROR && ct_graph_call_count(nullptr) == 0, "no graph is replayed");
    CTGraphPool *pool = reinterpret_cast<CTGraphPool *>(0x10);
    expect(ct_graph_pool_create(CT_CPU, &pool) == CT_ERROR && pool == nullptr, "the CPU records without being asked");
    const bool before = ct_walk_device_path(true);
    expect(ct_graph_pool_create(CT_CPU, &pool) == CT_OK, ct_last_error());
    expect(ct_graph_capture(pool, nothing, nullptr, &graph) == CT_OK && ct_graph_replay(graph) == CT_OK,
           "work without operations fails");
    expect(std::string(ct_graph_call_name(graph, 0)).empty(), "there is a call");
    ct_graph_pool_free(pool);
    ct_graph_free(graph);
    expect(ct_draws_begin(CT_CPU, 1) == CT_OK && ct_draws_begin(CT_CPU, 1) == CT_ERROR, "draws begin twice");
    ct_draws_end();
    ct_walk_device_path(before);
}

void test_reading() {
    const Handle x = handle(at::ones({2, 3}));
    int64_t shape[2];
    expect(ct_tensor_shape(x.get(), nullptr, 2) == CT_ERROR, "shape writes to NULL");
    expect(ct_tensor_shape(x.get(), shape, 1) == CT_ERROR, "shape writes beyond its room");
    expect(ct_tensor_shape(x.get(), shape, 2) == CT_OK && shape[1] == 3, "shape is wrong");
    float bytes[6];
    expect(ct_tensor_read_bytes(x.get(), nullptr, 24) == CT_ERROR, "read_bytes writes to NULL");
    const Handle meta = handle(at::zeros({2, 3}, at::TensorOptions().device(at::kMeta)));
    expect(ct_tensor_read_bytes(meta.get(), bytes, 24) == CT_ERROR, "read_bytes reads a device without memory");
    const Handle gaps = handle(at::ones({2, 6}).as_strided({2, 3}, {6, 2}));
    expect(ct_tensor_read_bytes(gaps.get(), bytes, 24) == CT_OK && bytes[5] == 1, "read_bytes of a view is wrong");
    CTDeviceKind kind = CT_MPS;
    expect(ct_tensor_device(meta.get(), &kind) == CT_ERROR && kind == CT_CPU, "device leaves its number");
    expect(ct_tensor_assign(gaps.get(), x.get()) == CT_OK, "assigning to a view fails");
}

void test_ids_after_writing() {
    // The range of ids that were written to is not the one that was measured.
    const Handle table = handle(at::ones({4, 2})), ids = handle(at::zeros({3}, at::kLong));
    const Handle alias = std::make_unique<CTTensor>(ids->value, ctorch::IDRange{0, 0, ids->value._version()});
    const Handle large = handle(at::ones({3}, at::kLong) * 4);
    expect(ct_tensor_assign(ids.get(), large.get()) == CT_OK, "assign fails");
    CTTensor *out = nullptr;
    expect(ct_embedding(table.get(), alias.get(), &out) == CT_ERROR, "an old range of ids is believed");
    expect(std::string(ct_last_error()).find("ids from 4") != std::string::npos, ct_last_error());
}

void test_processes() {
    const char *missing = nullptr;
    CTStore *store = reinterpret_cast<CTStore *>(0x10);
    int32_t port = 7;
    expect(ct_store_connect(missing, 0, CT_STORE_SERVER_ON_LOOPBACK, 5, &store, &port) == CT_ERROR, "no host is taken");
    expect(store == nullptr && port == 0, "store_connect leaves its results");
    expect(ct_store_connect("127.0.0.1", 0, CT_STORE_SERVER_ON_LOOPBACK, 5, &store, &port) == CT_OK && port > 0,
           std::string("a store fails: ") + ct_last_error());
    expect(ct_store_set(store, missing, "x", 1) == CT_ERROR, "a key that is NULL is taken");
    expect(ct_store_set(store, "key", nullptr, 3) == CT_ERROR, "bytes that are NULL are taken");
    CTTensor *value = reinterpret_cast<CTTensor *>(0x10);
    expect(ct_store_get(store, missing, &value) == CT_ERROR && value == nullptr, "a key that is NULL is read");
    CTProcessGroup *group = nullptr;
    expect(ct_process_group_gloo(store, 0, 1, "127.0.0.1", 5, &group) == CT_OK, ct_last_error());
    const Handle gaps = handle(at::ones({2, 6}).as_strided({2, 3}, {6, 2})), x = parameter({3});
    expect(ct_all_reduce(group, gaps.get()) == CT_ERROR, "all_reduce takes a view with gaps");
    expect(ct_broadcast(group, x.get(), 1) == CT_ERROR, "broadcast takes a process that there is not");
    // The second parameter collects no gradient: the hook on the first one must go with the failure.
    const Handle plain = handle(at::ones({3}));
    CTTensor *parameters[] = {plain.get(), x.get()};
    const at::Tensor loss = (x->value * x->value).sum();
    CTGradientReducer *reducer = reinterpret_cast<CTGradientReducer *>(0x10);
    expect(ct_gradient_reducer_create(group, parameters, 2, 1, &reducer) == CT_ERROR && reducer == nullptr,
           "a reducer takes a parameter without a gradient");
    torch::autograd::backward({loss}, {});
    expect(x->value.grad().sum().item<float>() == 9, "the backward pass after a failed reducer is wrong");
    ct_process_group_free(group);
    ct_store_free(store);
}

}  // namespace

void test_other_functions() {
    test_optimizer();
    test_steps_by_tensors();
    test_measured_gradients();
    test_places();
    test_graphs();
    test_reading();
    test_ids_after_writing();
    test_processes();
}
