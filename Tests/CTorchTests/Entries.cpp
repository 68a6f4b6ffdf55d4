// Every function of the C interface that computes tensors, with operands that it takes.
#include "Harness.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

namespace {

constexpr int64_t tokens = 37, width = 24;

at::Tensor numbers(at::IntArrayRef shape, at::ScalarType type = at::kFloat) { return at::randn(shape).to(type); }

at::Tensor starts() { return at::tensor({0, 5, 36, 37}, at::kLong); }
/// Shares that sum to 1 in each row of `starts`.
at::Tensor shares() {
    const at::Tensor result = at::zeros({tokens, 2});
    for (const int64_t start : {0, 5, 36}) result[start].fill_(1);
    return result;
}
at::Tensor keys() { return at::tensor({7, -3, 11}, at::kLong); }

std::vector<Entry> basic_entries() {
    using Operands = const std::vector<CTTensor *> &;
    return {
        {"add", {numbers({3, 4}), numbers({3, 4})},
         [](Operands x, Results &r) { return ct_add(x[0], x[1], &r.first); }},
        {"multiply", {numbers({3, 4}), numbers({3, 4})},
         [](Operands x, Results &r) { return ct_multiply(x[0], x[1], &r.first); }},
        {"scale", {numbers({3, 4})}, [](Operands x, Results &r) { return ct_scale(x[0], 2, &r.first); }},
        {"layer_norm", {numbers({3, 4}), numbers({4}), numbers({4})},
         [](Operands x, Results &r) { return ct_layer_norm(x[0], x[1], x[2], 1e-12, &r.first); }},
        {"gelu", {numbers({3, 4})}, [](Operands x, Results &r) { return ct_gelu(x[0], &r.first); }},
        {"sum", {numbers({3, 4})}, [](Operands x, Results &r) { return ct_sum(x[0], &r.first); }},
        {"slice", {numbers({3, 4})}, [](Operands x, Results &r) { return ct_slice(x[0], 1, 1, 3, &r.first); }},
        {"embedding", {numbers({9, 4}), at::randint(0, 9, {6}, at::kLong)},
         [](Operands x, Results &r) { return ct_embedding(x[0], x[1], &r.first); }},
        {"clone", {numbers({3, 4})}, [](Operands x, Results &r) { return ct_tensor_clone(x[0], &r.first); }},
        {"share", {numbers({3, 4})}, [](Operands x, Results &r) { return ct_tensor_share(x[0], &r.first); }},
        {"to_dtype", {numbers({3, 4})},
         [](Operands x, Results &r) { return ct_tensor_to_dtype(x[0], CT_BFLOAT16, &r.first); }},
        {"to_device", {numbers({3, 4})},
         [](Operands x, Results &r) { return ct_tensor_to_device(x[0], CT_CPU, &r.first); }},
        {"trusted_ids", {at::arange(6, at::kLong)},
         [](Operands x, Results &r) { return ct_trusted_ids(x[0], 1, 4, 9, &r.first); }},
        {"view_rows", {numbers({3, 4})}, [](Operands x, Results &r) { return ct_view_rows(x[0], 6, &r.first); }},
        {"host_copy", {numbers({3, 4})},
         [](Operands x, Results &r) {
             CTHostCopy *copy = nullptr;
             const CTStatus status = ct_host_copy_begin(x[0], &copy);
             const CTStatus finished = ct_host_copy_finish(copy, &r.first);
             ct_host_copy_free(copy);
             return status == CT_OK ? finished : status;
         }},
        {"not_finite", {numbers({3, 4}), numbers({2})},
         [](Operands x, Results &r) { return ct_not_finite(x.data(), 2, &r.first); }},
    };
}

std::vector<Entry> linear_entries() {
    using Operands = const std::vector<CTTensor *> &;
    std::vector<Entry> result;
    for (const auto type : {at::kFloat, at::kBFloat16}) {
        result.push_back({"linear", {numbers({tokens, width}, type), numbers({8, width}), numbers({8})},
                          [](Operands x, Results &r) { return ct_linear(x[0], x[1], x[2], &r.first); }});
    }
    // oneDNN refuses to pack where the processor has no instructions for bfloat16.
    if (ct_cpu_has_bfloat16()) {
        result.push_back({"pack_weight", {numbers({8, width})},
                          [](Operands x, Results &r) { return ct_pack_weight(x[0], &r.first); }});
    }
    result.push_back({"quantize_weight", {numbers({8, width})},
                      [](Operands x, Results &r) { return ct_quantize_weight(x[0], &r.first, &r.second); }, true});
    result.push_back({"quantize_activations", {numbers({tokens, width})}, [](Operands x, Results &r) {
                          double scale = 7;
                          int64_t zero = 7;
                          const CTStatus status = ct_quantize_activations(x[0], &r.first, &scale, &zero);
                          // The text of an expectation is allocated: only where it fails.
                          if (status != CT_OK && (scale != 0 || zero != 0)) {
                              expect(false, "quantize_activations leaves its numbers");
                          }
                          return status;
                      }});
    CTTensor *packed = nullptr, *quantized = nullptr, *scales = nullptr, *bytes = nullptr;
    const Handle weight = handle(numbers({8, width})), x = handle(numbers({tokens, width}));
    if (ct_cpu_has_bfloat16() && ct_pack_weight(weight.get(), &packed) == CT_OK) {
        result.push_back({"linear_packed", {numbers({tokens, width}, at::kBFloat16), packed->value, numbers({8})},
                          [](Operands x, Results &r) { return ct_linear_packed(x[0], x[1], x[2], true, &r.first); }});
    }
    double scale;
    int64_t zero;
    if (ct_cpu_has_int8() && ct_quantize_weight(weight.get(), &quantized, &scales) == CT_OK &&
        ct_quantize_activations(x.get(), &bytes, &scale, &zero) == CT_OK) {
        result.push_back({"linear_int8", {bytes->value, quantized->value, scales->value, numbers({8})},
                          [scale, zero](Operands x, Results &r) {
                              return ct_linear_int8(x[0], scale, zero, x[1], x[2], x[3], true, CT_FLOAT32, &r.first);
                          }});
    }
    for (CTTensor *made : {packed, quantized, scales, bytes}) ct_tensor_free(made);
    return result;
}

std::vector<Entry> packed_entries(at::ScalarType type) {
    using Operands = const std::vector<CTTensor *> &;
    const at::Tensor x = numbers({tokens, width}, type), line = numbers({width});
    const at::Tensor targets = at::tensor({0, 4, 30, 2, 0, 0}, at::kLong).view({3, 2});
    const at::Tensor k = numbers({tokens, width}, type), v = numbers({tokens, width}, type);
    const std::vector<at::Tensor> attention{x, k, v, starts(), keys()};
    const at::Tensor residual = numbers({tokens, width}), shift = numbers({width});
    const std::vector<at::Tensor> norm{x, line, residual, numbers({width}), shift, starts(), keys()};
    const std::vector<at::Tensor> loss{numbers({tokens, 2}, type), starts(), targets};
    return {
        {"packed_attention", attention, [](Operands x, Results &r) {
             return ct_packed_attention(x[0], x[1], x[2], x[3], x[4], nullptr, 3, 0.1, 5, &r.first);
         }},
        {"packed_attention_plain", attention, [](Operands x, Results &r) {
             return ct_packed_attention_plain(x[0], x[1], x[2], x[3], x[4], 3, 0.1, 5, &r.first);
         }},
        {"bias_gelu", {x, line}, [](Operands x, Results &r) { return ct_bias_gelu(x[0], x[1], &r.first); }},
        {"bias_gelu_plain", {x, line}, [](Operands x, Results &r) { return ct_bias_gelu_plain(x[0], x[1], &r.first); }},
        {"add_norm", norm, [](Operands x, Results &r) {
             return ct_add_norm(x[0], x[1], x[2], x[3], x[4], x[5], x[6], 0.1, 5, 1e-12, &r.first, &r.second);
         }, true},
        {"add_norm_plain", norm, [](Operands x, Results &r) {
             return ct_add_norm_plain(x[0], x[1], x[2], x[3], x[4], x[5], x[6], 0.1, 5, 1e-12, &r.first, &r.second);
         }, true},
        {"packed_dropout", {x, starts(), keys()},
         [](Operands x, Results &r) { return ct_packed_dropout(x[0], x[1], x[2], 0.1, 5, &r.first); }},
        {"packed_dropout_plain", {x, starts(), keys()},
         [](Operands x, Results &r) { return ct_packed_dropout_plain(x[0], x[1], x[2], 0.1, 5, &r.first); }},
        {"packed_span_loss", loss,
         [](Operands x, Results &r) { return ct_packed_span_loss(x[0], x[1], x[2], 3, &r.first); }},
        {"packed_span_loss_plain", loss,
         [](Operands x, Results &r) { return ct_packed_span_loss_plain(x[0], x[1], x[2], 3, &r.first); }},
        {"packed_span_loss_in_form",
         {numbers({tokens, 2}, type), starts().to(at::kInt), at::tensor({1, 4, 0, 30}, at::kLong).view({2, 2})},
         [](Operands x, Results &r) {
             return ct_packed_span_loss_in_form(x[0], x[1], x[2], tokens, 3, &r.first);
         }},
        {"packed_soft_span_loss", {numbers({tokens, 2}, type), starts(), at::ones({tokens, 2}), shares()},
         [](Operands x, Results &r) {
             return ct_packed_soft_span_loss(x[0], x[1], x[2], 0.1, x[3], 2, 0.5, 3, &r.first);
         }},
        {"packed_soft_span_loss_in_form",
         {numbers({tokens, 2}, type), starts().to(at::kInt), at::ones({tokens, 2}), shares()},
         [](Operands x, Results &r) {
             return ct_packed_soft_span_loss_in_form(x[0], x[1], x[2], 0.1, x[3], 2, 0.5, tokens, 3, &r.first);
         }},
    };
}

}  // namespace

std::vector<Entry> entries() {
    std::vector<Entry> result = basic_entries();
    for (const auto &more : {linear_entries(), packed_entries(at::kFloat), packed_entries(at::kBFloat16)}) {
        result.insert(result.end(), more.begin(), more.end());
    }
    return result;
}
