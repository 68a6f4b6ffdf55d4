// Process groups on CPUs by Gloo, which is inside libtorch, and the collective calls.
#define USE_C10D_GLOO

#include "ProcessGroup.hpp"

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include <cstdlib>

using namespace ctorch;

CTStatus ct_process_group_gloo(CTStore *store, int32_t rank, int32_t size, const char *address, double timeout,
                               CTProcessGroup **out) {
    return make_handle(out, [&] {
        unwrap(store);
        TORCH_CHECK(rank >= 0 && rank < size, "rank ", rank, " of ", size, " processes");
        auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(timeout));
        const char *interface = std::getenv("GLOO_SOCKET_IFNAME");
        if (interface != nullptr && *interface != '\0') {
            options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForInterface(interface));
        } else if (address != nullptr) {
            options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
        } else {
            options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
        }
        store->value->setTimeout(options->timeout);
        return new CTProcessGroup{c10::make_intrusive<c10d::ProcessGroupGloo>(store->value, rank, size, options)};
    });
}

void ct_process_group_free(CTProcessGroup *group) { delete group; }

CTStatus ct_all_reduce(CTProcessGroup *group, CTTensor *tensor) {
    return with_exception_boundary([&] {
        std::vector<at::Tensor> operands{unwrap_contiguous(tensor).detach()};
        unwrap(group).allreduce(operands)->wait();
    });
}

CTStatus ct_broadcast(CTProcessGroup *group, CTTensor *tensor, int32_t root) {
    return with_exception_boundary([&] {
        std::vector<at::Tensor> operands{unwrap_contiguous(tensor).detach()};
        TORCH_CHECK(root >= 0 && root < unwrap(group).getSize(), "there is no process ", root);
        c10d::BroadcastOptions options;
        options.rootRank = root;
        unwrap(group).broadcast(operands, options)->wait();
    });
}
