// The store by which processes find each other: c10d's TCPStore, which torchrun serves as well.
#include "ProcessGroup.hpp"

#include <ATen/ops/empty.h>
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

using namespace ctorch;

// c10d writes each attempt and each broken connection to stderr, with a C++ stack. The exceptions say enough for
// users; with TORCH_CPP_LOG_LEVEL, which libtorch has read by now, the log is shown.
static void quiet_log() {
    constexpr int fatal = 3;
    if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) {
        FLAGS_caffe2_log_level = fatal;
    }
}

namespace {

/// A socket that listens on this machine's loopback address alone.
class LoopbackSocket {
  public:
    explicit LoopbackSocket(uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        check(descriptor_ >= 0, "socket");
        try {
            check(fcntl(descriptor_, F_SETFD, FD_CLOEXEC) == 0, "fcntl");
            const int reuse = 1;
            check(setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0, "setsockopt");
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port);
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            auto *generic = reinterpret_cast<sockaddr *>(&address);
            socklen_t size = sizeof address;
            check(bind(descriptor_, generic, size) == 0, "bind to 127.0.0.1");
            check(listen(descriptor_, SOMAXCONN) == 0, "listen on 127.0.0.1");
            check(getsockname(descriptor_, generic, &size) == 0, "getsockname");
            port_ = ntohs(address.sin_port);
        } catch (...) {
            close(descriptor_);
            throw;
        }
    }
    LoopbackSocket(const LoopbackSocket &) = delete;
    ~LoopbackSocket() {
        if (descriptor_ >= 0) close(descriptor_);
    }

    uint16_t port() const { return port_; }
    /// The socket, whose new owner closes it.
    int release() { return std::exchange(descriptor_, -1); }

  private:
    static void check(bool succeeded, const char *what) {
        TORCH_CHECK(succeeded, what, ": ", std::strerror(errno));
    }

    int descriptor_;
    uint16_t port_ = 0;
};

}  // namespace

CTStatus ct_store_connect(const char *host, int32_t port, CTStoreRole role, double timeout, CTStore **out,
                          int32_t *bound) {
    *out = nullptr;
    return write_numbers([&] {
        checked(host, "host");
        const bool serves = role != CT_STORE_CLIENT;
        TORCH_CHECK(port >= 0 && port <= 65535 && (serves || port > 0), "there is no port ", port);
        quiet_log();
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = serves;
        options.waitWorkers = false;
        options.timeout = milliseconds(timeout);
        std::optional<LoopbackSocket> socket;
        if (role == CT_STORE_SERVER_ON_LOOPBACK) {
            socket.emplace(options.port);
            options.port = socket->port();
            options.masterListenFd = socket->release();
        }
        auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
        *out = new CTStore{store};
        *bound = store->getPort();
    }, bound);
}

CTStatus ct_store_prefixed(const CTStore *store, const char *prefix, CTStore **out) {
    return make_handle(out, [&] {
        TORCH_CHECK(store != nullptr, "the argument 'store' is NULL");
        return new CTStore{c10::make_intrusive<c10d::PrefixStore>(checked(prefix, "prefix"), store->value)};
    });
}

void ct_store_free(CTStore *store) { delete store; }

CTStatus ct_store_set(CTStore *store, const char *key, const void *bytes, size_t count) {
    return with_exception_boundary([&] {
        TORCH_CHECK(bytes != nullptr || count == 0, "the bytes are NULL");
        const auto *first = static_cast<const uint8_t *>(bytes);
        unwrap(store).set(checked(key, "key"), std::vector<uint8_t>(first, first + count));
    });
}

CTStatus ct_store_get(CTStore *store, const char *key, CTTensor **out) {
    *out = nullptr;
    return with_exception_boundary([&] {
        c10d::Store &table = unwrap(store);
        if (!table.check({checked(key, "key")})) return;
        const std::vector<uint8_t> bytes = table.get(key);
        at::Tensor value = at::empty({static_cast<int64_t>(bytes.size())}, at::TensorOptions().dtype(at::kByte));
        if (!bytes.empty()) {
            std::memcpy(value.mutable_data_ptr(), bytes.data(), bytes.size());
        }
        *out = new CTTensor(value);
    });
}
