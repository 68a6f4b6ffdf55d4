#include "Padding.hpp"

#include <ATen/ops/empty.h>

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

}  // namespace ctorch
