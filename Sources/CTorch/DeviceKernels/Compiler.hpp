// NVRTC, NVIDIA's compiler at run time.
#pragma once

#include <string>
#include <vector>

namespace ctorch {

/// NVRTC as it is found on this machine; nothing of it is needed to build.
class DeviceCompiler {
  public:
    /// The file that BERTQA_NVRTC names, or else what libtorch loads, or what the system finds by name.
    /// - Throws: c10::Error where there is none.
    DeviceCompiler();

    /// Its version, such as "13.0".
    const std::string &version() const { return version_; }

    /// Options for a compute capability, such as 90.
    static std::vector<std::string> options(int capability);

    /// The binary (CUBIN) of a program; `log` gets what the compiler says of it.
    /// - Throws: c10::Error with the compiler's messages.
    std::string compile(const std::string &program, const std::vector<std::string> &options,
                        std::string *log = nullptr) const;

  private:
    struct Functions;
    class Program;

    void *library_;
    std::string version_;
    const Functions *functions_;
};

}  // namespace ctorch
