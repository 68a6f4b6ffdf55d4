// Recording on CUDA by libtorch's own graphs, which know its allocator's pools and its generator.
//
// From 2.13 on libtorch offers them for any device (at::GraphImplInterface). Before, only its CUDA half declares them,
// in headers that need CUDA's: there its functions are looked up by name in the library that was loaded, and the object
// lives in memory that is large enough for it (it has about 400 bytes in 2.11).
//
// Nothing of this has run on a GPU yet.
#include "../Runtime/CUDALoading.hpp"
#include "Graph.hpp"

#include <c10/core/Allocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <array>
#include <cstddef>
#include <dlfcn.h>
#include <optional>

#if __has_include(<ATen/core/GraphImplInterface.h>)
#define CTORCH_NEUTRAL_GRAPHS
#include <ATen/core/GraphImplInterface.h>
#endif

namespace ctorch {

namespace {

using Pool = c10::MempoolId_t;

/// A graph of libtorch's.
class CUDAGraph {
  public:
    virtual ~CUDAGraph() = default;
    virtual void begin(Pool pool) = 0;
    virtual void end() = 0;
    virtual void replay() = 0;
    virtual Pool pool() = 0;
};

#if defined(CTORCH_NEUTRAL_GRAPHS)

class NeutralGraph final : public CUDAGraph {
  public:
    static bool exists() { return at::has_graph_impl(c10::DeviceType::CUDA); }
    // Other threads may go on to allocate and copy meanwhile.
    void begin(Pool pool) override { graph_->capture_begin(pool, at::GraphCaptureMode::ThreadLocal); }
    void end() override { graph_->capture_end(); }
    void replay() override { graph_->replay(); }
    Pool pool() override { return graph_->pool(); }

  private:
    const std::unique_ptr<at::GraphImplInterface> graph_ = at::create_graph_impl(c10::DeviceType::CUDA);
};

#endif

/// The functions of at::cuda::CUDAGraph under their names in the library. The last argument of the beginning is an
/// enumeration of CUDA's.
struct Functions {
    void (*construct)(void *, bool) = find<void (*)(void *, bool)>("C1Eb");
    void (*destroy)(void *) = find<void (*)(void *)>("D1Ev");
    void (*begin)(void *, Pool, int) =
        find<void (*)(void *, Pool, int)>("13capture_beginESt4pairIyyE21cudaStreamCaptureMode");
    void (*end)(void *) = find<void (*)(void *)>("11capture_endEv");
    void (*replay)(void *) = find<void (*)(void *)>("6replayEv");
    Pool (*pool)(void *) = find<Pool (*)(void *)>("4poolEv");

    bool complete() const { return construct && destroy && begin && end && replay && pool; }

  private:
    template <class Function> static Function find(const char *rest) {
        const std::string name = std::string("_ZN2at4cuda9CUDAGraph") + rest;
        return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name.c_str()));
    }
};

const Functions &functions() {
    static const Functions found;
    return found;
}

class NamedGraph final : public CUDAGraph {
  public:
    static bool exists() { return functions().complete(); }
    NamedGraph() { functions().construct(memory_.data(), false); }
    ~NamedGraph() override { functions().destroy(memory_.data()); }
    void begin(Pool pool) override { functions().begin(memory_.data(), pool, thread_local_capture); }
    void end() override { functions().end(memory_.data()); }
    void replay() override { functions().replay(memory_.data()); }
    Pool pool() override { return functions().pool(memory_.data()); }

  private:
    /// cudaStreamCaptureModeThreadLocal of CUDA's runtime.
    static constexpr int thread_local_capture = 1;
    alignas(std::max_align_t) std::array<std::byte, 4096> memory_{};
};

std::unique_ptr<CUDAGraph> new_graph() {
#if defined(CTORCH_NEUTRAL_GRAPHS)
    if (NeutralGraph::exists()) return std::make_unique<NeutralGraph>();
#endif
    return std::make_unique<NamedGraph>();
}

class CUDARecording final : public Recording {
  public:
    explicit CUDARecording(std::unique_ptr<CUDAGraph> graph) : graph_(std::move(graph)) {}
    ~CUDARecording() override {
        // It may still be running. A device that cannot even be waited for is not worth an end by exception.
        try {
            const c10::impl::VirtualGuardImpl guard(c10::DeviceType::CUDA);
            guard.synchronizeDevice(guard.getDevice().index());
        } catch (const std::exception &) {
        }
    }
    void replay() override { graph_->replay(); }

  private:
    std::unique_ptr<CUDAGraph> graph_;
};

class CUDAPool final : public RecordingPool {
  public:
    std::unique_ptr<Recording> record(const std::function<void()> &work) override {
        // What earlier work freed can then be used by the pool, and nothing is under way that recording forbids.
        const c10::impl::VirtualGuardImpl guard(c10::DeviceType::CUDA);
        guard.synchronizeDevice(guard.getDevice().index());
        std::unique_ptr<CUDAGraph> graph = new_graph();
        graph->begin(pool_.value_or(Pool{0, 0}));
        try {
            work();
        } catch (...) {
            // The stream must leave its state; that the recording is broken is not what matters then.
            try {
                graph->end();
            } catch (const std::exception &) {
            }
            throw;
        }
        graph->end();
        pool_ = graph->pool();
        auto recording = std::make_unique<CUDARecording>(std::move(graph));
        recording->replay();
        return recording;
    }

  private:
    std::optional<Pool> pool_;
};

}  // namespace

bool cuda_records() {
    if (!load_cuda()) return false;
#if defined(CTORCH_NEUTRAL_GRAPHS)
    if (NeutralGraph::exists()) return true;
#endif
    return NamedGraph::exists();
}

std::unique_ptr<RecordingPool> cuda_pool() { return std::make_unique<CUDAPool>(); }

}  // namespace ctorch
