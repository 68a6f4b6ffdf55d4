// Recorded work: what a device offers for it.
#pragma once

#include "../Runtime/Handles.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ctorch {

/// Work that was recorded on a device.
class Recording {
  public:
    virtual ~Recording() = default;
    virtual void replay() = 0;
    /// The names of the operations, where they are known.
    virtual std::vector<std::string> names() const { return {}; }
    /// The pieces of memory that the work uses and did not make, where they are known.
    virtual size_t foreign() const { return 0; }
};

/// Memory of recordings, and how a device records.
class RecordingPool {
  public:
    virtual ~RecordingPool() = default;
    /// Does the work, which reports failures by exceptions, and keeps it.
    virtual std::unique_ptr<Recording> record(const std::function<void()> &work) = 0;
};

/// On the CPU: the calls of libtorch's operations are noted, and made again.
std::unique_ptr<RecordingPool> cpu_pool();
/// On CUDA: libtorch's CUDA graphs.
std::unique_ptr<RecordingPool> cuda_pool();
bool cuda_records();

}  // namespace ctorch
