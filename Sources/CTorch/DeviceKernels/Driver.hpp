// CUDA's driver as the kernels need it: loading binaries and launching.
#pragma once

#include "Launcher.hpp"

#include <array>
#include <memory>
#include <string>

namespace ctorch {

/// Functions of the driver (libcuda), by the prototypes of its documentation; contexts, modules and kernels are
/// pointers there. Its header is not needed to build.
struct DriverFunctions {
    int (*error)(int result, const char **text);
    int (*current)(void **context);
    int (*make_current)(void *context);
    int (*device)(int *device, int index);
    int (*retain)(void **context, int device);
    int (*load)(void **module, const void *binary);
    int (*find)(void **kernel, void *module, const char *name);
    int (*launch)(void *kernel, unsigned blocks_x, unsigned blocks_y, unsigned blocks_z, unsigned threads_x,
                  unsigned threads_y, unsigned threads_z, unsigned shared_bytes, void *stream, void **arguments,
                  void **extra);

    /// Those of the driver that is loaded.
    /// - Throws: c10::Error where there is none.
    static DriverFunctions loaded();
};

/// The kernels of one device in the driver's hands. They stay as long as the process: graphs refer to them.
class LoadedKernels final : public KernelLauncher {
  public:
    /// The stream that work of this thread goes to, as CUDA's handle.
    using CurrentStream = void *(*)(int device);

    LoadedKernels(const DriverFunctions &driver, CurrentStream stream, int device)
        : driver_(driver), stream_(stream), device_(device) {}

    /// Loads the binary of a program. Not while work is recorded.
    void load(Element element, const std::string &binary);

    void launch(Element element, Kernel kernel, const Grid &grid, std::initializer_list<Argument> arguments) override;

  private:
    /// Another thread, such as autograd's, may not have met the device yet.
    void enter() const;
    void check(int result, const char *call) const;

    const DriverFunctions driver_;
    const CurrentStream stream_;
    const int device_;
    std::array<std::array<void *, kernel_count>, 3> kernels_{};
};

/// `CurrentStream` of libtorch.
void *current_cuda_stream(int device);

}  // namespace ctorch
