// Numbers on their way from the host to a device.
#pragma once

#include "../Runtime/Handles.hpp"

namespace ctorch {

/// `host` on `target`, without waiting for the copy where the device can: the operations that read it are queued behind
/// it.
at::Tensor sent(const at::Tensor &host, at::Device target);

/// The smallest and the largest of some ids, which must not be empty. They are known for ids that came from the CPU
/// and have not been written to since; for others they are computed, and the host waits.
IDRange range_of(const CTTensor &ids);

}  // namespace ctorch
