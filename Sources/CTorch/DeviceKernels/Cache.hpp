// Compiled kernels on disk.
#pragma once

#include <functional>
#include <string>

namespace ctorch {

/// Binaries in files of their own below a folder of the user's. What cannot be read, is damaged, or could have been
/// written by others is made again; what cannot be written is no error.
class KernelCache {
  public:
    /// A cache in `folder`, which is made when it is needed; without one nothing is kept.
    explicit KernelCache(std::string folder) : folder_(std::move(folder)) {}

    /// `bertqa/kernels` below XDG_CACHE_HOME or ~/.cache; empty without a home.
    static std::string user_folder();

    /// What `make` makes of what `key` describes in full, or what it made of it before.
    std::string get(const std::string &key, const std::function<std::string()> &make) const;

    /// The file for a key.
    std::string file(const std::string &key) const;

  private:
    std::string read(const std::string &key) const;
    void write(const std::string &key, const std::string &value) const;

    const std::string folder_;
};

}  // namespace ctorch
