// Operators of libtorch's that have no C++ function to call.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

namespace ctorch {

/// Calls an operator whose C++ signature is libtorch's own affair: the schema's types are what it promises.
inline at::Tensor call(const char *name, torch::jit::Stack arguments) {
    c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(&arguments);
    return arguments.at(0).toTensor();
}

}  // namespace ctorch
