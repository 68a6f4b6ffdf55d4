// The host's memory runs out while a handle is made: the n-th allocation of a handle's size in the shim fails, for
// every n.
#include "Harness.hpp"

#include <cstdlib>
#include <new>

extern "C" const char __executable_start, etext;

namespace {

thread_local int64_t until_failure = -1;

/// The shim's code is in this program, libtorch's is not. The graph's nodes, templates of libtorch that are in it, end
/// the process where they cannot allocate: they have other sizes.
bool is_ours(const void *caller) { return caller >= &__executable_start && caller < &etext; }

bool fails_now(size_t size, const void *caller) {
    return size == sizeof(CTTensor) && until_failure >= 0 && is_ours(caller) && until_failure-- == 0;
}

}  // namespace

void *operator new(size_t size) {
    void *memory = fails_now(size, __builtin_return_address(0)) ? nullptr : std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }

namespace {

/// Calls `body` with ever later failures until it succeeds; it says whether it did.
void with_each_failure(const std::string &name, const std::function<bool()> &body) {
    for (int64_t number = 0; number < 10000; ++number) {
        until_failure = number;
        const bool succeeded = body();
        until_failure = -1;
        if (succeeded) {
            expect(number > 0, name + " allocates nothing");
            return;
        }
    }
    expect(false, name + " never succeeds");
}

void test_borrowed_memory() {
    alignas(64) static const float numbers[4] = {1, 2, 3, 4};
    static int released;
    const int64_t shape[] = {4};
    with_each_failure("borrow_bytes", [&] {
        released = 0;
        CTTensor *out = reinterpret_cast<CTTensor *>(0x10);
        const CTStatus status = ct_tensor_borrow_bytes(
            numbers, sizeof numbers, shape, 1, CT_FLOAT32, [](void *) { ++released; }, nullptr, &out);
        until_failure = -1;
        expect(released == 0, "borrow_bytes releases what its caller owns");
        expect(status == CT_OK || out == nullptr, "borrow_bytes leaves a handle");
        if (status != CT_OK) return false;
        ct_tensor_free(out);
        expect(released == 1, "borrow_bytes does not release once");
        return true;
    });
}

}  // namespace

void test_allocation_failures() {
    test_borrowed_memory();
    for (const Entry &entry : entries()) {
        std::vector<Handle> owned;
        std::vector<CTTensor *> handles;
        for (const at::Tensor &operand : entry.operands) {
            owned.push_back(handle(operand));
            handles.push_back(owned.back().get());
        }
        const int64_t before = ct_tensor_live_count();
        with_each_failure(entry.name, [&] {
            Results results;
            results.second = entry.writes_two ? results.first : nullptr;
            const CTStatus status = entry.call(handles, results);
            until_failure = -1;
            expect(status == CT_OK || (results.first == nullptr && results.second == nullptr),
                   entry.name + " leaves a handle when memory runs out");
            if (status == CT_OK) {
                ct_tensor_free(results.first);
                ct_tensor_free(results.second);
            }
            return status == CT_OK;
        });
        expect(ct_tensor_live_count() == before, entry.name + " loses a handle when memory runs out");
    }
}
