#include "Cache.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace ctorch {

namespace {

/// A file begins with this: a mark, and the check of the key and of the value that follows.
struct Head {
    char mark[8] = {'B', 'Q', 'A', 'K', 'E', 'R', 'N', '1'};
    uint64_t size = 0, check = 0;
};

/// The check of bytes, after that of others: FNV-1a.
/// - Source: Fowler, Noll and Vo, RFC 9923.
uint64_t digest(const std::string &bytes, uint64_t before = 0xCBF29CE484222325ull) {
    for (const char byte : bytes) before = (before ^ static_cast<unsigned char>(byte)) * 0x100000001B3ull;
    return before;
}

Head head_of(const std::string &key, const std::string &value) {
    Head head;
    head.size = value.size();
    head.check = digest(value, digest(key));
    return head;
}

/// A file descriptor that is closed.
class File {
  public:
    File(const std::string &path, int flags, mode_t mode = 0) : number_(open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    ~File() { close(); }
    File(const File &) = delete;
    File &operator=(const File &) = delete;

    bool is_open() const { return number_ >= 0; }

    /// Whether it is a file that only this user can have written. What it holds is run.
    bool is_trusted(size_t &size) const {
        struct stat status;
        if (fstat(number_, &status) != 0) return false;
        size = static_cast<size_t>(status.st_size);
        return S_ISREG(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    }

    bool read_all(void *to, size_t size) const {
        auto *bytes = static_cast<char *>(to);
        return transfer(size, [&](size_t done) { return ::read(number_, bytes + done, size - done); });
    }

    bool write_all(const void *from, size_t size) const {
        const auto *bytes = static_cast<const char *>(from);
        return transfer(size, [&](size_t done) { return ::write(number_, bytes + done, size - done); });
    }

    bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

  private:
    template <class Step> static bool transfer(size_t size, const Step &step) {
        for (size_t done = 0; done < size;) {
            const ssize_t count = step(done);
            if (count <= 0) return false;
            done += static_cast<size_t>(count);
        }
        return true;
    }

    int number_;
};

/// Makes a folder and those above it, for this user alone.
void make_folders(const std::string &folder) {
    for (size_t end = folder.find('/', 1); end != std::string::npos; end = folder.find('/', end + 1)) {
        mkdir(folder.substr(0, end).c_str(), 0700);
    }
    mkdir(folder.c_str(), 0700);
}

constexpr size_t largest = 64 << 20;

}  // namespace

std::string KernelCache::user_folder() {
    const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
    if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/bertqa/kernels";
    return home != nullptr && home[0] == '/' ? std::string(home) + "/.cache/bertqa/kernels" : "";
}

std::string KernelCache::file(const std::string &key) const {
    char name[32];
    std::snprintf(name, sizeof name, "/%016llx.cubin", static_cast<unsigned long long>(digest(key)));
    return folder_ + name;
}

std::string KernelCache::get(const std::string &key, const std::function<std::string()> &make) const {
    if (folder_.empty()) return make();
    std::string value = read(key);
    if (value.empty()) {
        value = make();
        write(key, value);
    }
    return value;
}

std::string KernelCache::read(const std::string &key) const {
    const File file(this->file(key), O_RDONLY | O_NOFOLLOW);
    size_t size = 0;
    if (!file.is_open() || !file.is_trusted(size) || size <= sizeof(Head) || size > largest) return "";
    Head head;
    std::string value(size - sizeof head, '\0');
    if (!file.read_all(&head, sizeof head) || !file.read_all(value.data(), value.size())) return "";
    const Head expected = head_of(key, value);
    return std::memcmp(&head, &expected, sizeof head) == 0 ? value : "";
}

void KernelCache::write(const std::string &key, const std::string &value) const {
    make_folders(folder_);
    const std::string target = file(key), temporary = target + "." + std::to_string(getpid());
    File file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!file.is_open()) return;
    const Head head = head_of(key, value);
    const bool whole = file.write_all(&head, sizeof head) && file.write_all(value.data(), value.size());
    if (!file.close() || !whole || std::rename(temporary.c_str(), target.c_str()) != 0) unlink(temporary.c_str());
}

}  // namespace ctorch
