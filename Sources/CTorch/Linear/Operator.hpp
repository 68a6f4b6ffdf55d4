// libtorch's operators without a C++ function.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

namespace ctorch {

/// Calls an operator by its schema, whose types libtorch keeps stable; its C++ signature may change.
inline at::Tensor call(const char *name, torch::jit::Stack arguments) {
    c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(&arguments);
    return arguments.at(0).toTensor();
}

}  // namespace ctorch
