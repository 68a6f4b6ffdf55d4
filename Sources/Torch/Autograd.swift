import CTorch

extension Tensor {
    /// Whether this tensor is part of the graph.
    package var requiresGradient: Bool {
        var result = false
        return ct_requires_grad(handle, &result) == CT_OK && result
    }

    /// Sets whether this leaf collects its gradient.
    package func setRequiresGradient(_ required: Bool) throws(TorchError) {
        try check(ct_set_requires_grad(handle, required), "setRequiresGradient", [self])
    }

    /// Adds the gradient of this tensor to that of every leaf it was computed from.
    ///
    /// - Parameter gradient: the gradient of this tensor, of its shape; if nil, 1, for a tensor with one element.
    package func backward(gradient: Tensor? = nil) throws(TorchError) {
        try check(ct_backward(handle, gradient?.handle), "backward", [self])
    }

    /// The gradient that this leaf has collected, sharing its memory; nil if there is none.
    package func gradient() throws(TorchError) -> Tensor? {
        var result: OpaquePointer?
        try check(ct_grad(handle, &result), "gradient", [self])
        return result.map(Tensor.init(owning:))
    }

    /// Drops the gradient.
    package func clearGradient() throws(TorchError) {
        try check(ct_clear_grad(handle), "clearGradient", [self])
    }
}

/// Runs `body` without recording operations on this thread.
package func withoutGradients<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    var previous = true
    let status = ct_set_grad_enabled(false, &previous)
    precondition(status == CT_OK, "turning recording off cannot fail")
    defer {
        var ignored = false
        _ = ct_set_grad_enabled(previous, &ignored)
    }
    return try body()
}
