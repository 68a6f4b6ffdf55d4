#include "Threads.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#if defined(__APPLE__)
#include <dispatch/dispatch.h>
#else
#include <dlfcn.h>
#endif

namespace ctorch {

namespace {

/// One use of the team: what it runs, and the first exception that came out of it.
struct Region {
    const std::function<void()> &body;
    std::mutex mutex;
    std::exception_ptr failure;

    void run() noexcept {
        try {
            body();
        } catch (...) {
            const std::lock_guard<std::mutex> lock(mutex);
            if (!failure) {
                failure = std::current_exception();
            }
        }
    }
};

#if defined(__APPLE__)
void run_threads(int64_t threads, Region &region) {
    dispatch_apply_f(static_cast<size_t>(threads), DISPATCH_APPLY_AUTO, &region,
                     [](void *context, size_t) { static_cast<Region *>(context)->run(); });
}
#else
/// The entry into a parallel region of GNU's and of LLVM's OpenMP library.
using Enter = void (*)(void (*body)(void *), void *context, unsigned threads, unsigned flags);

void run_threads(int64_t threads, Region &region) {
    static const auto enter = reinterpret_cast<Enter>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    static const auto inside = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_in_parallel"));
    if (enter == nullptr || inside == nullptr || inside() != 0) {
        region.run();
        return;
    }
    enter([](void *context) { static_cast<Region *>(context)->run(); }, &region, static_cast<unsigned>(threads), 0);
}
#endif

}  // namespace

void run_team(int64_t most, const std::function<void()> &body) {
    const int64_t threads = std::min<int64_t>(most, at::get_num_threads());
    if (threads <= 1) {
        body();
        return;
    }
    Region region{body, {}, nullptr};
    run_threads(threads, region);
    if (region.failure) {
        std::rethrow_exception(region.failure);
    }
}

void for_each_piece(int64_t count, const std::function<std::function<void(int64_t)>()> &make_worker) {
    std::atomic<int64_t> next{0};
    run_team(count, [&] {
        const auto worker = make_worker();
        for (int64_t piece = next.fetch_add(1); piece < count; piece = next.fetch_add(1)) {
            worker(piece);
        }
    });
}

}  // namespace ctorch
