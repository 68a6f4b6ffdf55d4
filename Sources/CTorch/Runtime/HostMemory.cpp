// The memory of large tensors on the CPU, apart from the heap.
//
// Why: glibc maps and unmaps each large block, and every page of it is cleared and faulted in each time: a tenth of a
// training step. Told to keep large blocks on the heap, it puts small long-lived objects (compiled products, responses)
// into the holes between batches, and the heap keeps growing. Here large blocks lie among themselves: after a batch,
// all its memory is one free block again.
#include "Boundary.hpp"

#include <c10/core/Allocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <map>
#include <mutex>
#include <unordered_map>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <sys/mman.h>

using namespace ctorch;

namespace {

/// Smaller blocks stay on the heap: clearing their pages costs less than the computation that they are for.
constexpr size_t smallest_block = 256 << 10;
/// Blocks are multiples of `granule`, whole pages of any size in use (64 KiB on some ARM machines); memory is mapped in
/// multiples of `chunk`.
constexpr size_t granule = 64 << 10;
constexpr size_t chunk = 16 << 20;

size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/// Free and used blocks by address. Adjacent free blocks are joined.
class LargeBlocks {
  public:
    /// A block of at least that many bytes, or null where the system has no more.
    void *allocate(size_t bytes) {
        const size_t size = round_up(bytes, granule);
        const std::lock_guard<std::mutex> lock(mutex_);
        auto place = best_fit(size);
        if (place == free_.end()) {
            if (!grow(size)) {
                // The system may lack the memory that is free here in smaller pieces.
                unmap_free();
                if (!grow(size)) return nullptr;
            }
            place = best_fit(size);
        }
        const uintptr_t address = place->first + (place->second - size);
        place->second -= size;
        if (place->second == 0) free_.erase(place);
        used_[address] = size;
        return reinterpret_cast<void *>(address);
    }

    /// Frees a block; false if it is not one of these.
    bool deallocate(void *block) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = used_.find(reinterpret_cast<uintptr_t>(block));
        if (found == used_.end()) return false;
        add_free(found->first, found->second);
        used_.erase(found);
        return true;
    }

    /// Returns all free memory to the system.
    void release() {
        const std::lock_guard<std::mutex> lock(mutex_);
        unmap_free();
    }

  private:
    using Blocks = std::map<uintptr_t, size_t>;

    void unmap_free() {
        for (const auto &[address, size] : free_) munmap(reinterpret_cast<void *>(address), size);
        free_.clear();
    }

    Blocks::iterator best_fit(size_t size) {
        auto best = free_.end();
        for (auto place = free_.begin(); place != free_.end(); ++place) {
            if (place->second >= size && (best == free_.end() || place->second < best->second)) best = place;
        }
        return best;
    }

    /// Maps more memory below the lowest, so that it joins the free block there, which is smaller than `size`: blocks
    /// are cut from the upper end of a free block, so its rest is at the lower end.
    bool grow(size_t size) {
        const size_t lowest_free = !free_.empty() && free_.begin()->first == lowest_ ? free_.begin()->second : 0;
        size_t wanted = round_up(size - lowest_free, chunk);
        void *hint = reinterpret_cast<void *>(lowest_ > wanted ? lowest_ - wanted : 0);
        void *memory = map(hint, wanted);
        if (memory != MAP_FAILED && lowest_free > 0 && memory != hint) {
            munmap(memory, wanted);
            wanted = round_up(size, chunk);
            memory = map(nullptr, wanted);
        }
        if (memory == MAP_FAILED) return false;
        lowest_ = reinterpret_cast<uintptr_t>(memory);
        add_free(lowest_, wanted);
        return true;
    }

    static void *map(void *hint, size_t size) {
        return mmap(hint, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }

    void add_free(uintptr_t address, size_t size) {
        auto next = free_.lower_bound(address);
        if (next != free_.end() && address + size == next->first) {
            size += next->second;
            next = free_.erase(next);
        }
        if (next != free_.begin()) {
            const auto before = std::prev(next);
            if (before->first + before->second == address) {
                before->second += size;
                return;
            }
        }
        free_.emplace(address, size);
    }

    std::mutex mutex_;
    Blocks free_;
    std::unordered_map<uintptr_t, size_t> used_;
    /// The start of the memory that was mapped last.
    uintptr_t lowest_ = 0;
};

LargeBlocks &large_blocks() {
    // Never destroyed: tensors of static duration may be freed at the very end.
    static auto *blocks = new LargeBlocks;
    return *blocks;
}

/// libtorch's CPU allocator, with large blocks apart.
class TensorAllocator final : public c10::Allocator {
  public:
    c10::DataPtr allocate(size_t bytes) override {
        void *data = bytes >= smallest_block ? large_blocks().allocate(bytes) : nullptr;
        if (data == nullptr) data = c10::alloc_cpu(bytes);
        return {data, data, &release, at::Device(at::kCPU)};
    }

    at::DeleterFnPtr raw_deleter() const override { return &release; }

    void copy_data(void *to, const void *from, size_t bytes) const override { default_copy_data(to, from, bytes); }

  private:
    static void release(void *data) {
        if (!large_blocks().deallocate(data)) c10::free_cpu(data);
    }
};

}  // namespace

bool ct_tune_allocator(void) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    return false;  // It detects reads beyond a tensor only on the heap.
#endif
#endif
    static TensorAllocator allocator;
    c10::SetAllocator(at::kCPU, &allocator, 1);
    return true;
}

void ct_release_memory(void) {
    large_blocks().release();
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}
