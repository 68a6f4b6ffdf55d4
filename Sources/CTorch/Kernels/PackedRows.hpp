// What all kernels over packed rows share: checked access to the row starts and row keys.
#pragma once

#include "Checks.hpp"

#include <algorithm>

namespace ctorch {

/// Where the rows of a packed batch begin, and the key of each.
struct PackedRows {
    const int64_t *starts;
    const int64_t *keys;
    int64_t count;

    int64_t length(int64_t row) const { return starts[row + 1] - starts[row]; }
    int64_t longest() const {
        int64_t most = 0;
        for (int64_t row = 0; row < count; ++row) {
            most = std::max(most, length(row));
        }
        return most;
    }
};

/// Checks the row starts against the number of tokens; `keys` may be undefined where no mask is drawn.
inline PackedRows packed_rows(const at::Tensor &starts, const at::Tensor &keys, int64_t tokens) {
    TORCH_CHECK(starts.dim() == 1 && starts.scalar_type() == at::kLong && starts.is_cpu() && starts.is_contiguous(),
                "row_starts must be a contiguous int64 vector on the CPU, not ", starts.toString(), " ",
                starts.sizes());
    const int64_t count = starts.numel() - 1;
    const int64_t *begin = elements<int64_t>(starts);
    TORCH_CHECK(count >= 1 && begin[0] == 0 && begin[count] == tokens,
                "row_starts must begin with 0 and end with the number of tokens, ", tokens);
    for (int64_t row = 0; row < count; ++row) {
        TORCH_CHECK(begin[row] < begin[row + 1], "row ", row, " is empty or row_starts decrease");
    }
    const int64_t *names = nullptr;
    if (keys.defined()) {
        TORCH_CHECK(keys.dim() == 1 && keys.numel() == count && keys.scalar_type() == at::kLong && keys.is_cpu() &&
                        keys.is_contiguous(),
                    "row_keys must be a contiguous int64 vector on the CPU with one key a row");
        names = elements<int64_t>(keys);
    }
    return {begin, names, count};
}

}  // namespace ctorch
