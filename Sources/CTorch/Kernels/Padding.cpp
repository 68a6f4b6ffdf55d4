#include "Padding.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/searchsorted.h>

namespace ctorch {

at::Tensor padded_places(const PackedRows &rows) {
    const int64_t longest = rows.longest();
    at::Tensor result = at::empty({rows.starts[rows.count]}, at::TensorOptions().dtype(at::kLong));
    auto *data = result.mutable_data_ptr<int64_t>();
    for (int64_t row = 0; row < rows.count; ++row) {
        for (int64_t token = rows.starts[row]; token < rows.starts[row + 1]; ++token) {
            data[token] = row * longest + token - rows.starts[row];
        }
    }
    return result;
}

at::Tensor padded_places(const at::Tensor &starts, int64_t tokens, int64_t longest) {
    const at::Tensor begins = starts.slice(0, 0, -1).to(at::kLong), token = at::arange(tokens, begins.options());
    const at::Tensor row = at::searchsorted(begins, token, /*out_int32=*/false, /*right=*/true) - 1;
    return row * longest + token - begins.index_select(0, row);
}

}  // namespace ctorch
