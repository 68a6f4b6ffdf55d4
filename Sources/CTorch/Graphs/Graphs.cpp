// Recorded work behind the C interface.
#include "DevicePath.hpp"
#include "Graph.hpp"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

using namespace ctorch;

namespace ctorch {

constinit thread_local bool walking = false;

}  // namespace ctorch

struct CTGraphPool {
    std::shared_ptr<RecordingPool> value;
};

struct CTGraph {
    /// The memory, which must outlive the work.
    std::shared_ptr<RecordingPool> pool;
    std::unique_ptr<Recording> recording;
    std::vector<std::string> names;
};

bool ct_walk_device_path(bool on) { return std::exchange(walking, on); }

bool ct_graphs_available(CTDeviceKind kind) {
    switch (kind) {
    case CT_CPU: return walks_device_path();
    case CT_CUDA: return ct_device_available(kind) && cuda_records();
    case CT_MPS: return false;
    }
    return false;
}

CTStatus ct_enter_graph_stream(CTDeviceKind kind) {
    return with_exception_boundary([&] {
        static thread_local bool entered = false;
        if (kind != CT_CUDA || entered) return;
        TORCH_CHECK(ct_device_available(kind), "this libtorch cannot use such a device here");
        const c10::impl::VirtualGuardImpl guard(device(kind).type());
        const c10::Device current = guard.getDevice();
        // The new stream does not wait for what was queued on the old one.
        guard.synchronizeDevice(current.index());
        guard.exchangeStream(guard.getStreamFromGlobalPool(current));
        entered = true;
    });
}

CTStatus ct_release_device_memory(CTDeviceKind kind) {
    return with_exception_boundary([&] {
        if (kind == CT_CPU) {
            ct_release_memory();
        } else if (ct_device_available(kind)) {
            at::getDeviceAllocator(device(kind).type())->emptyCache();
        }
    });
}

CTStatus ct_graph_pool_create(CTDeviceKind kind, CTGraphPool **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        TORCH_CHECK(ct_graphs_available(kind), "work on such a device cannot be recorded here");
        *out = new CTGraphPool{kind == CT_CPU ? cpu_pool() : cuda_pool()};
    });
}

void ct_graph_pool_free(CTGraphPool *pool) { delete pool; }

CTStatus ct_graph_capture(CTGraphPool *pool, CTWork run, void *context, CTGraph **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        TORCH_CHECK(pool != nullptr, "the argument 'pool' is NULL");
        auto recording = pool->value->record([&] {
            const CTStatus status = run(context);
            TORCH_CHECK_WITH(OutOfMemoryError, status != CT_OUT_OF_MEMORY, ct_last_error());
            TORCH_CHECK(status == CT_OK, ct_last_error());
        });
        std::vector<std::string> names = recording->names();
        *out = new CTGraph{pool->value, std::move(recording), std::move(names)};
    });
}

CTStatus ct_graph_replay(CTGraph *graph) {
    return with_exception_boundary([&] {
        TORCH_CHECK(graph != nullptr, "the argument 'graph' is NULL");
        graph->recording->replay();
    });
}

void ct_graph_free(CTGraph *graph) { delete graph; }

int32_t ct_graph_call_count(const CTGraph *graph) {
    return graph == nullptr ? 0 : static_cast<int32_t>(graph->names.size());
}

const char *ct_graph_call_name(const CTGraph *graph, int32_t number) {
    return number >= 0 && number < ct_graph_call_count(graph) ? graph->names[static_cast<size_t>(number)].c_str() : "";
}

int32_t ct_graph_foreign_count(const CTGraph *graph) {
    return graph == nullptr ? 0 : static_cast<int32_t>(graph->recording->foreign());
}
