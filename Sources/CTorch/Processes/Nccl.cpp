// Process groups on GPUs by NCCL. The headers come with CUDA's and NCCL's packages, which set-up finds beside a CUDA
// libtorch; a build without them says so when such a group is asked for.
#include "ProcessGroup.hpp"

#if __has_include(<nccl.h>) && __has_include(<cuda_runtime.h>) && __has_include(<crt/host_config.h>) && \
    __has_include(<nv/target>)
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

using namespace ctorch;

CTStatus ct_process_group_nccl(CTStore *store, int32_t rank, int32_t size, double timeout, CTProcessGroup **out) {
    return make_handle(out, [&]() -> CTProcessGroup * {
        unwrap(store);
        TORCH_CHECK(rank >= 0 && rank < size, "rank ", rank, " of ", size, " processes");
#if defined(USE_C10D_NCCL)
        auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = milliseconds(timeout);
        store->value->setTimeout(options->timeout);
        return new CTProcessGroup{c10::make_intrusive<c10d::ProcessGroupNCCL>(store->value, rank, size, options)};
#else
        static_cast<void>(milliseconds(timeout));
        TORCH_CHECK(false, "this build has no NCCL: BERTQA_NCCL=1 make setup build (docs/guide/cuda.md)");
#endif
    });
}
