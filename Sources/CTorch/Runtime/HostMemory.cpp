// The memory of large tensors on the CPU, apart from the heap.
//
// Why: glibc maps and unmaps each large block anew, and every page of it is cleared and faulted in again, which is a
// tenth of a training step. Told to keep them on the heap, it lets small things that live long (compiled products,
// responses) settle in the holes between batches, and the heap grows without end in sight. Blocks here lie among
// their like: all that a batch took is whole again after it.
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

/// Blocks below this are the heap's: a page that is cleared costs less than what it is for.
constexpr size_t smallest_block = 256 << 10;
/// Blocks are multiples of this, and memory is taken from the system in multiples of the other: whole pages of any size
/// in use (64 KiB on some ARM machines).
constexpr size_t granule = 64 << 10;
constexpr size_t chunk = 16 << 20;

size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/// Free and taken blocks by address. Neighbours that are free are one block.
class LargeBlocks {
  public:
    /// A block of at least that many bytes, or null where the system has no more.
    void *take(size_t bytes) {
        const size_t size = round_up(bytes, granule);
        const std::lock_guard<std::mutex> lock(mutex_);
        auto place = best_fit(size);
        if (place == free_.end()) {
            if (!grow(size)) {
                // What lies free in pieces may be what the system lacks.
                unmap_free();
                if (!grow(size)) return nullptr;
            }
            place = best_fit(size);
        }
        const uintptr_t address = place->first + (place->second - size);
        place->second -= size;
        if (place->second == 0) free_.erase(place);
        taken_[address] = size;
        return reinterpret_cast<void *>(address);
    }

    /// Takes a block back; false if it is none of these.
    bool give(void *block) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = taken_.find(reinterpret_cast<uintptr_t>(block));
        if (found == taken_.end()) return false;
        add_free(found->first, found->second);
        taken_.erase(found);
        return true;
    }

    /// Gives all that is free to the system.
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

    /// Maps more below what there is, so that it joins what is free there, which is less than `size`. Blocks are cut
    /// from the upper end of what is free, which leaves the rest at the lower.
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
    std::unordered_map<uintptr_t, size_t> taken_;
    /// Where the memory that was mapped last begins.
    uintptr_t lowest_ = 0;
};

LargeBlocks &large_blocks() {
    // Never destroyed: tensors of static duration may be freed after it.
    static auto *blocks = new LargeBlocks;
    return *blocks;
}

/// libtorch's allocator of the CPU, with large blocks apart.
class TensorAllocator final : public c10::Allocator {
  public:
    c10::DataPtr allocate(size_t bytes) override {
        void *data = bytes >= smallest_block ? large_blocks().take(bytes) : nullptr;
        if (data == nullptr) data = c10::alloc_cpu(bytes);
        return {data, data, &give_back, at::Device(at::kCPU)};
    }

    at::DeleterFnPtr raw_deleter() const override { return &give_back; }

    void copy_data(void *to, const void *from, size_t bytes) const override { default_copy_data(to, from, bytes); }

  private:
    static void give_back(void *data) {
        if (!large_blocks().give(data)) c10::free_cpu(data);
    }
};

}  // namespace

bool ct_tune_allocator(void) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    return false;  // It sees what is read beyond a tensor only on the heap.
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
