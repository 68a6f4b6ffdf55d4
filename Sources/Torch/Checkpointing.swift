import CTorch

extension Tensor {
    /// What `stretch` makes of this tensor, of which nothing but this tensor is kept for the backward pass: that runs
    /// the stretch again to compute its gradients.
    ///
    /// The stretch must give the same numbers each time; what it uses besides its argument is kept alive with the
    /// graph. It runs once at once, and once more on the thread that computes the gradients. Where nothing is recorded
    /// it is an ordinary call.
    ///
    /// - Throws: `TorchError` with the description of what the stretch threw; if that happens in the second run, the
    ///   backward pass throws it.
    package func checkpointed(
        _ stretch: @escaping (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let context = Unmanaged.passRetained(Stretch(stretch)).toOpaque()
        return try Tensor.make("checkpointed", [self]) { out in
            ct_checkpoint(handle, Stretch.run, context, Stretch.release, out)
        }
    }
}

/// A closure as the C interface takes it.
private final class Stretch {
    private let body: (Tensor) throws(TorchError) -> Tensor

    init(_ body: @escaping (Tensor) throws(TorchError) -> Tensor) {
        self.body = body
    }

    /// Errors leave as a status: nothing may be thrown through libtorch's frames.
    static let run: CTStretch = { context, input, out in
        let input = Tensor(owning: input)
        guard let context else { return CT_ERROR }
        do throws(TorchError) {
            let result = try Unmanaged<Stretch>.fromOpaque(context).takeUnretainedValue().body(input)
            return withExtendedLifetime(result) { ct_tensor_share(result.handle, out) }
        } catch {
            ct_set_last_error(error.description)
            return error.kind == .outOfMemory ? CT_OUT_OF_MEMORY : CT_ERROR
        }
    }

    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        if let context { Unmanaged<Stretch>.fromOpaque(context).release() }
    }
}
