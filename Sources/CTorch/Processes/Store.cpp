// The store by which processes find each other: c10d's TCPStore, which torchrun serves as well.
#include "ProcessGroup.hpp"

#include <ATen/ops/empty.h>
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cstdlib>
#include <cstring>

using namespace ctorch;

// c10d writes each attempt and each broken connection to stderr, with a C++ stack. Whoever trains reads what the exceptions say;
// TORCH_CPP_LOG_LEVEL, which libtorch has read by now, lets the rest be seen.
static void quiet_log() {
    constexpr int fatal = 3;
    if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) {
        FLAGS_caffe2_log_level = fatal;
    }
}

CTStatus ct_store_connect(const char *host, int32_t port, bool serve, double timeout, CTStore **out, int32_t *bound) {
    *bound = 0;
    return make_handle(out, [&] {
        TORCH_CHECK(port >= 0 && port <= 65535 && (serve || port > 0), "there is no port ", port);
        quiet_log();
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = serve;
        options.waitWorkers = false;
        options.timeout = milliseconds(timeout);
        auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
        *bound = store->getPort();
        return new CTStore{store};
    });
}

CTStatus ct_store_prefixed(const CTStore *store, const char *prefix, CTStore **out) {
    return make_handle(out, [&] {
        TORCH_CHECK(store != nullptr, "the argument 'store' is NULL");
        return new CTStore{c10::make_intrusive<c10d::PrefixStore>(prefix, store->value)};
    });
}

void ct_store_free(CTStore *store) { delete store; }

CTStatus ct_store_set(CTStore *store, const char *key, const void *bytes, size_t count) {
    return with_exception_boundary([&] {
        const auto *first = static_cast<const uint8_t *>(bytes);
        unwrap(store).set(key, std::vector<uint8_t>(first, first + count));
    });
}

CTStatus ct_store_get(CTStore *store, const char *key, CTTensor **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        c10d::Store &table = unwrap(store);
        if (!table.check({key})) {
            return;
        }
        const std::vector<uint8_t> bytes = table.get(key);
        at::Tensor value = at::empty({static_cast<int64_t>(bytes.size())}, at::TensorOptions().dtype(at::kByte));
        if (!bytes.empty()) {
            std::memcpy(value.mutable_data_ptr(), bytes.data(), bytes.size());
        }
        *out = new CTTensor{value};
        tensor_counts().add();
    });
}
