// Numbers on their way from the host to a device.
#pragma once

#include "../Boundary.hpp"

namespace ctorch {

/// `host` on `target`, without waiting for the copy where the device can: the operations that read it are queued behind
/// it.
at::Tensor sent(const at::Tensor &host, at::Device target);

/// The least and the greatest of some ids, which must not be empty. Those of ids that came from the CPU are known; of
/// others they are computed, and the host waits for them.
IDRange range_of(const CTTensor &ids);

}  // namespace ctorch
