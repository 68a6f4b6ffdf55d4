// The operations that are libtorch's own, all differentiable.
#include "../Kernels/Checks.hpp"
#include "DeviceCopies.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/sum.h>

using namespace ctorch;

CTStatus ct_add(const CTTensor *a, const CTTensor *b, CTTensor **out) {
    return make_tensor(out, [&] { return at::add(unwrap(a, "a"), unwrap(b, "b")); });
}

CTStatus ct_multiply(const CTTensor *a, const CTTensor *b, CTTensor **out) {
    return make_tensor(out, [&] { return at::mul(unwrap(a, "a"), unwrap(b, "b")); });
}

CTStatus ct_scale(const CTTensor *a, double factor, CTTensor **out) {
    return make_tensor(out, [&] { return at::mul(unwrap(a, "a"), factor); });
}

CTStatus ct_embedding(const CTTensor *table, const CTTensor *ids, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &rows = unwrap(table, "table"), &chosen = unwrap(ids, "ids");
        check_matrix(rows, rows, "the table");
        TORCH_CHECK(chosen.scalar_type() == at::kLong && chosen.device() == rows.device(),
                    "ids must be int64 on the table's device, ", rows.device(), ", not ", chosen.toString());
        // The GPU kernels trap instead of reporting.
        if (chosen.numel() > 0) {
            const IDRange range = range_of(*ids);
            TORCH_CHECK(range.low >= 0 && range.high < rows.size(0), "ids from ", range.low, " to ", range.high,
                        ", but the table has ", rows.size(0), " rows");
        }
        return at::embedding(rows, chosen);
    });
}

CTStatus ct_layer_norm(const CTTensor *x, const CTTensor *weight, const CTTensor *bias, double epsilon,
                       CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &value = unwrap(x, "x"), &scale = unwrap(weight, "weight"), &shift = unwrap(bias, "bias");
        check_matrix(value, value, "x");
        check_line(scale, value, value.size(1), "weight");
        check_line(shift, value, value.size(1), "bias");
        return at::layer_norm(value, scale.sizes(), scale, shift, epsilon);
    });
}

CTStatus ct_gelu(const CTTensor *x, CTTensor **out) {
    return make_tensor(out, [&] { return at::gelu(unwrap(x, "x")); });
}

CTStatus ct_sum(const CTTensor *x, CTTensor **out) {
    return make_tensor(out, [&] { return at::sum(unwrap(x, "x")); });
}

CTStatus ct_slice(const CTTensor *x, int32_t dim, int64_t start, int64_t end, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &value = unwrap(x, "x");
        TORCH_CHECK(dim >= 0 && dim < value.dim(), "dimension ", dim, " of a tensor with ", value.dim());
        TORCH_CHECK(start >= 0 && start <= end && end <= value.size(dim), "the bounds ", start, " ..< ", end,
                    " are outside dimension ", dim, " of size ", value.size(dim));
        return at::slice(value, dim, start, end);
    });
}

CTStatus ct_all_finite(const CTTensor *x, bool *out) {
    return write_numbers([&] {
        at::NoGradGuard no_grad;
        *out = at::isfinite(unwrap(x, "x")).all().item<bool>();
    }, out);
}

CTStatus ct_not_finite(CTTensor *const *numbers, int32_t count, CTTensor **out) {
    return make_tensor(out, [&] {
        at::NoGradGuard no_grad;
        TORCH_CHECK(count >= 1, "there must be at least one tensor to look at");
        at::Tensor sound;
        for (const at::Tensor &tensor : unwrap_all(numbers, count, "numbers")) {
            const at::Tensor finite = at::isfinite(tensor).all();
            sound = sound.defined() ? sound.logical_and(finite) : finite;
        }
        return sound.logical_not().to(at::kFloat);
    });
}
