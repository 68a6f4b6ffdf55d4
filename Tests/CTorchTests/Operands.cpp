// Operands that a function may not read through raw pointers, in every place of every function: each must be an error
// or be handled, and a failure must leave NULL in all out-parameters.
#include "Harness.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace {

/// The same numbers with gaps between them: strides that are not those of a contiguous tensor.
at::Tensor with_gaps(const at::Tensor &x) {
    if (x.dim() == 0) return x;
    const at::Tensor spread = at::zeros({x.numel(), 2}, x.options());
    spread.select(1, 0).copy_(x.reshape({-1}));
    std::vector<int64_t> strides = x.strides().vec();
    for (int64_t &stride : strides) stride *= 2;
    return spread.as_strided(x.sizes(), strides);
}

/// What may stand in place of an operand.
struct Variant {
    std::string name;
    at::Tensor tensor;
};

std::vector<Variant> variants(const at::Tensor &x) {
    std::vector<Variant> result{{"no elements", at::empty({0}, at::kFloat)},
                                {"a scalar", at::zeros({}, at::kFloat)},
                                {"whole numbers", at::zeros(x.sizes(), at::kInt)},
                                {"float64", at::zeros(x.sizes(), at::kDouble)},
                                {"bytes", at::zeros(x.sizes(), at::kByte)},
                                {"another shape", at::zeros({3, 3, 3}, x.scalar_type())}};
    if (x.layout() == at::kStrided) {
        result.push_back({"a tensor on another device", at::empty(x.sizes(), x.options().device(at::kMeta))});
        result.push_back({"one more element", at::cat({x.reshape({-1}), x.reshape({-1}).slice(0, 0, 1)})});
    }
    // oneDNN's own layout, which has no pointer to give.
    if (x.dim() == 2 && x.scalar_type() == at::kFloat) result.push_back({"an opaque layout", x.to_mkldnn()});
    return result;
}

/// Calls the function with these tensors in place of its own; an undefined tensor stands for NULL.
CTStatus call(const Entry &entry, const std::vector<at::Tensor> &operands, Results &results) {
    std::vector<Handle> owned;
    std::vector<CTTensor *> handles;
    for (const at::Tensor &operand : operands) {
        owned.push_back(operand.defined() ? handle(operand) : nullptr);
        handles.push_back(owned.back().get());
    }
    return entry.call(handles, results);
}

/// Libraries add the numbers of a view in another order.
bool close(const CTTensor *a, const CTTensor *b) {
    return a != nullptr && b != nullptr && a->value.sizes() == b->value.sizes() &&
           (a->value.is_mkldnn() || a->value.allclose(b->value, 1e-2, 1e-5));
}

void release(Results &results) {
    ct_tensor_free(results.first);
    ct_tensor_free(results.second);
}

void test(const Entry &entry) {
    Results expected;
    expected.second = entry.writes_two ? expected.first : nullptr;
    const CTStatus status = call(entry, entry.operands, expected);
    expect(status == CT_OK, entry.name + " with its own operands: " + ct_last_error());
    if (status != CT_OK) return;
    for (size_t place = 0; place < entry.operands.size(); ++place) {
        const at::Tensor &original = entry.operands[place];
        const std::string where = entry.name + ", operand " + std::to_string(place) + ": ";
        std::vector<at::Tensor> operands = entry.operands;
        if (original.layout() == at::kStrided) {
            operands[place] = with_gaps(original);
            Results results;
            results.second = entry.writes_two ? results.first : nullptr;
            if (call(entry, operands, results) == CT_OK) {
                expect(close(results.first, expected.first), where + "other numbers for the same ones with gaps");
                release(results);
            } else {
                expect(results.first == nullptr && results.second == nullptr, where + "gaps leave a handle");
            }
        }
        std::vector<Variant> all = variants(original);
        all.push_back({"NULL", at::Tensor()});
        for (const Variant &variant : all) {
            operands[place] = variant.tensor;
            Results results;
            results.second = entry.writes_two ? results.first : nullptr;
            if (call(entry, operands, results) == CT_OK) {
                release(results);
            } else {
                expect(results.first == nullptr && results.second == nullptr,
                       where + variant.name + " leaves a handle");
            }
        }
    }
    release(expected);
}

}  // namespace

void test_operands() {
    for (const bool records : {false, true}) {
        const at::AutoGradMode mode(records);
        for (const Entry &entry : entries()) {
            const int64_t before = ct_tensor_live_count();
            test(entry);
            expect(ct_tensor_live_count() == before, entry.name + " leaves handles behind");
        }
    }
}
