// The differentiable operations that libtorch has and BERT needs.
#include "Boundary.hpp"
#include "Device/Copies.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/reshape.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>

using namespace ctorch;

CTStatus ct_add(const CTTensor *a, const CTTensor *b, CTTensor **out) {
    return make_tensor(out, [&] { return at::add(unwrap(a, "a"), unwrap(b, "b")); });
}

CTStatus ct_subtract(const CTTensor *a, const CTTensor *b, CTTensor **out) {
    return make_tensor(out, [&] { return at::sub(unwrap(a, "a"), unwrap(b, "b")); });
}

CTStatus ct_multiply(const CTTensor *a, const CTTensor *b, CTTensor **out) {
    return make_tensor(out, [&] { return at::mul(unwrap(a, "a"), unwrap(b, "b")); });
}

CTStatus ct_scale(const CTTensor *a, double factor, CTTensor **out) {
    return make_tensor(out, [&] { return at::mul(unwrap(a, "a"), factor); });
}

CTStatus ct_matmul(const CTTensor *a, const CTTensor *b, CTTensor **out) {
    return make_tensor(out, [&] { return at::matmul(unwrap(a, "a"), unwrap(b, "b")); });
}

CTStatus ct_embedding(const CTTensor *table, const CTTensor *ids, CTTensor **out) {
    return make_tensor(out, [&] {
        const at::Tensor &rows = unwrap(table, "table");
        const at::Tensor &chosen = unwrap(ids, "ids");
        TORCH_CHECK(rows.dim() == 2, "the table must have two dimensions, not ", rows.dim());
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
        const at::Tensor &scale = unwrap(weight, "weight");
        return at::layer_norm(unwrap(x, "x"), scale.sizes(), scale, unwrap(bias, "bias"), epsilon);
    });
}

CTStatus ct_gelu(const CTTensor *x, CTTensor **out) {
    return make_tensor(out, [&] { return at::gelu(unwrap(x, "x")); });
}

CTStatus ct_log_softmax(const CTTensor *x, int32_t dim, CTTensor **out) {
    return make_tensor(out, [&] { return at::log_softmax(unwrap(x, "x"), dim); });
}

CTStatus ct_sum(const CTTensor *x, CTTensor **out) {
    return make_tensor(out, [&] { return at::sum(unwrap(x, "x")); });
}

CTStatus ct_reshape(const CTTensor *x, const int64_t *shape, int32_t rank, CTTensor **out) {
    return make_tensor(out, [&] { return at::reshape(unwrap(x, "x"), sizes(shape, rank)); });
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
    *out = false;
    return with_exception_boundary([&] {
        at::NoGradGuard no_grad;
        *out = at::isfinite(unwrap(x, "x")).all().item<bool>();
    });
}
