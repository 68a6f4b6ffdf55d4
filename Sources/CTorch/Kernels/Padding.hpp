// Packed rows, padded to the longest: for operations without a kernel over rows of any length on a device.
#pragma once

#include "PackedRows.hpp"

namespace ctorch {

/// Where each token stands when all rows are padded to the length of the longest: int64 [T], on the CPU.
at::Tensor padded_places(const PackedRows &rows);

/// The same for rows padded to `longest` whose starts only their device knows, [B + 1], on that device and without the
/// host waiting for it.
at::Tensor padded_places(const at::Tensor &starts, int64_t tokens, int64_t longest);

}  // namespace ctorch
