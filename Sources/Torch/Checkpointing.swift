import CTorch

extension Tensor {
    /// Computes `stretch(self)` and keeps only `self` for the backward pass, which runs the stretch again to compute
    /// its gradients.
    ///
    /// The stretch must compute the same numbers each time. Everything that it captures lives as long as the graph. It
    /// runs immediately, and again on the thread that computes the gradients. Where nothing is recorded it is an
    /// ordinary call.
    ///
    /// - Throws: `TorchError` with the description of the stretch's error; if the second run fails, the backward pass
    ///   throws it.
    package func checkpointed(
        _ stretch: @escaping (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let context = Unmanaged.passRetained(Stretch(stretch)).toOpaque()
        return try Tensor.make("checkpointed", [self]) { out in
            ct_checkpoint(handle, Stretch.run, context, Stretch.release, out)
        }
    }
}

/// A closure in the form of the C interface.
private final class Stretch {
    private let body: (Tensor) throws(TorchError) -> Tensor

    init(_ body: @escaping (Tensor) throws(TorchError) -> Tensor) {
        self.body = body
    }

    /// Errors become a status: nothing may be thrown through libtorch's frames.
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
