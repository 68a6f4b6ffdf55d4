// Whether CPU tensors take the operations of other devices, so that a machine without a GPU can test them.
#pragma once

namespace ctorch {

/// Set for a thread by `ct_walk_device_path`.
extern constinit thread_local bool walking;

/// Whether this thread's CPU tensors are to be computed as a GPU's would be.
inline bool walks_device_path() { return walking; }

}  // namespace ctorch
