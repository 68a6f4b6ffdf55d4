// Packed rows, padded to the longest: for operations without a kernel over rows of any length on a device.
#pragma once

#include "PackedRows.hpp"

namespace ctorch {

/// Where each token stands when all rows are padded to the length of the longest: int64 [T], on the CPU.
at::Tensor padded_places(const PackedRows &rows);

}  // namespace ctorch
