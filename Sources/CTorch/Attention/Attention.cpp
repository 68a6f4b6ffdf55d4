// ct_packed_attention: self-attention inside each packed row, by what computes it best on its device.
#include "Attention.hpp"

#include "../Kernels/Generator.hpp"
#include "../Kernels/Vector.hpp"

using namespace ctorch;

namespace {

AttentionInputs checked_inputs(const CTTensor *q, const CTTensor *k, const CTTensor *v, const CTTensor *row_starts,
                               const CTTensor *row_keys, int64_t heads, double dropout, uint64_t seed) {
    const at::Tensor &queries = unwrap(q, "q"), &keys = unwrap(k, "k"), &values = unwrap(v, "v");
    TORCH_CHECK(queries.dim() == 2 && queries.sizes() == keys.sizes() && queries.sizes() == values.sizes(),
                "q, k and v must have one shape [T, heads * D], not ", queries.sizes(), ", ", keys.sizes(), ", ",
                values.sizes());
    TORCH_CHECK(queries.scalar_type() == keys.scalar_type() && queries.scalar_type() == values.scalar_type(),
                "q, k and v must have one type, not ", queries.toString(), ", ", keys.toString(), ", ",
                values.toString());
    check_operand(queries, queries, "q");
    check_operand(keys, queries, "k");
    check_operand(values, queries, "v");
    const int64_t width = queries.size(1);
    TORCH_CHECK(heads >= 1 && width >= heads && width % heads == 0, "a width of ", width, " cannot be split into ",
                heads, " heads");
    check_probability(dropout);
    const at::Tensor &starts = unwrap(row_starts, "row_starts"), &names = unwrap(row_keys, "row_keys");
    return {queries, keys, values, starts, names, packed_rows(starts, names, queries.size(0)), heads, dropout, seed};
}

}  // namespace

CTStatus ct_packed_attention(const CTTensor *q, const CTTensor *k, const CTTensor *v, const CTTensor *row_starts,
                             const CTTensor *row_keys, const CTTensor *device_starts, int32_t heads, double dropout,
                             uint64_t seed, CTTensor **out) {
    return make_tensor(out, [&] {
        const AttentionInputs inputs = checked_inputs(q, k, v, row_starts, row_keys, heads, dropout, seed);
        switch (attention_method(inputs.q, heads, dropout)) {
        case AttentionMethod::kernel: return attention_by_kernel(inputs);
        case AttentionMethod::flash: return flash_attention(inputs, unwrap_optional(device_starts));
        case AttentionMethod::efficient: return efficient_attention(inputs, unwrap_optional(device_starts));
        case AttentionMethod::padded: return padded_attention(inputs, unwrap_optional(device_starts));
        case AttentionMethod::plain: break;
        }
        return attention_plain(inputs);
    });
}

CTStatus ct_packed_attention_plain(const CTTensor *q, const CTTensor *k, const CTTensor *v, const CTTensor *row_starts,
                                   const CTTensor *row_keys, int32_t heads, double dropout, uint64_t seed,
                                   CTTensor **out) {
    return make_tensor(out, [&] {
        return attention_plain(checked_inputs(q, k, v, row_starts, row_keys, heads, dropout, seed));
    });
}

namespace ctorch {

AttentionMethod attention_method(const at::Tensor &q, int64_t heads, double dropout) {
    // The CPU kernel is for float32 and bfloat16; float64 is for checking.
    if (has_kernel(q)) return AttentionMethod::kernel;
    // Both GPU kernels read 16 bytes at a time, and flash attention's tiles end at heads of 256.
    const int64_t size = q.size(1) / heads;
    if (walks_device_path() && q.is_cpu()) return AttentionMethod::padded;
    if (!q.is_cuda() || size % 8 != 0 || size > 256) return AttentionMethod::plain;
    switch (q.scalar_type()) {
    // Memory-efficient attention with dropout gave gradients for another mask than the output's, seen on an H100 by
    // CUDATests; flash attention does not.
    case at::kFloat: return dropout > 0 ? AttentionMethod::padded : AttentionMethod::efficient;
    case at::kBFloat16:
        return ct_device_has_bfloat16(CT_CUDA) ? AttentionMethod::flash : AttentionMethod::plain;
    // Flash attention begins at compute capability 8.0, as bfloat16 does.
    case at::kHalf:
        if (ct_device_has_bfloat16(CT_CUDA)) return AttentionMethod::flash;
        return dropout > 0 ? AttentionMethod::padded : AttentionMethod::efficient;
    default: return AttentionMethod::plain;
    }
}

}  // namespace ctorch
