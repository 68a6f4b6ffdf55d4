import CTorch

/// Work on a device that was recorded and is started again by one call: a CUDA graph.
///
/// The work must be the same each time, on tensors at the same places; what differs stands in tensors that are filled
/// before (`Tensor.fill`). On the CPU it can be recorded for tests, on a thread that walks the device's path.
package final class Graph {
    private let handle: OpaquePointer

    /// Memory that several graphs share, of which one runs at a time and whose contents no run leaves behind.
    package final class Pool {
        fileprivate let handle: OpaquePointer

        /// A pool without memory.
        ///
        /// - Throws: `TorchError` where work on the device cannot be recorded.
        package init(device: Device) throws(TorchError) {
            var pool: OpaquePointer?
            try check(ct_graph_pool_create(device.ct, &pool), "Graph.Pool")
            handle = try Graph.owned(pool, "Graph.Pool")
        }

        deinit { ct_graph_pool_free(handle) }
    }

    /// Does the work once, and keeps it.
    ///
    /// - Throws: what the work throws; `TorchError` for work that cannot be recorded.
    package init(in pool: Pool, _ work: () throws(TorchError) -> Void) throws(TorchError) {
        var graph: OpaquePointer?
        let status = withoutActuallyEscaping(work) { work in
            let context = Unmanaged.passRetained(Work(work))
            defer { context.release() }
            return ct_graph_capture(pool.handle, Work.run, context.toOpaque(), &graph)
        }
        try check(status, "Graph")
        handle = try Graph.owned(graph, "Graph")
    }

    deinit { ct_graph_free(handle) }

    /// Does the work once more; nothing waits for the device.
    package func replay() throws(TorchError) {
        try check(ct_graph_replay(handle), "Graph.replay")
    }

    /// The names of the operations in their order, such as `aten::mm`; known on the CPU only.
    package var operations: [String] {
        (0..<ct_graph_call_count(handle)).map { String(cString: ct_graph_call_name(handle, $0)) }
    }

    /// The number of pieces of memory that the work uses and did not make; known on the CPU only.
    package var foreignCount: Int { Int(ct_graph_foreign_count(handle)) }

    private static func owned(_ handle: OpaquePointer?, _ operation: String) throws(TorchError) -> OpaquePointer {
        guard let handle else {
            throw TorchError(
                kind: .failed, operation: operation, operands: "", message: "the call succeeded without a result")
        }
        return handle
    }
}

/// A closure in the form of the C interface.
private final class Work {
    private let body: () throws(TorchError) -> Void

    init(_ body: @escaping () throws(TorchError) -> Void) {
        self.body = body
    }

    static let run: CTWork = { context in
        guard let context else { return CT_ERROR }
        do throws(TorchError) {
            try Unmanaged<Work>.fromOpaque(context).takeUnretainedValue().body()
            return CT_OK
        } catch {
            ct_set_last_error(error.description)
            return error.kind == .outOfMemory ? CT_OUT_OF_MEMORY : CT_ERROR
        }
    }
}

extension Device {
    /// Whether work on the device can be recorded: on CUDA where libtorch can; on the CPU only while the thread walks
    /// the device's path.
    package var recordsGraphs: Bool { ct_graphs_available(ct) }

    /// Lets this thread work on a stream of its own from now on, as recording needs; it waits for the device the first
    /// time.
    package func enterGraphStream() throws(TorchError) {
        try check(ct_enter_graph_stream(ct), "Device.enterGraphStream")
    }

    /// Returns the memory that libtorch's allocator of the device holds and does not use.
    package func releaseMemory() throws(TorchError) {
        try check(ct_release_device_memory(ct), "Device.releaseMemory")
    }

    /// `in use` where a GPU's fused kernels compute what is drawn from one seed, else why they do not. On a GPU the
    /// first call compiles and checks them.
    package var fusedKernels: String { String(cString: ct_fused_kernels(ct)) }

    /// Whether `biasGelu` and `addNorm` had better add the bias of a product than the product itself, on this thread
    /// now: on the CPU, and on a GPU within `drawing` where its fused kernels are in use.
    package var addsBiasLater: Bool { ct_adds_bias_later(ct) }

    /// Runs `body` with what this thread draws coming from one seed, one number after another, instead of from a seed
    /// for each operation. Other threads wait that want to draw. On a GPU, and on its path, the masks of `addNorm` come
    /// from that seed and the number of the call.
    package func drawing<Result>(
        from seed: UInt64, _ body: () throws(TorchError) -> Result
    ) throws(TorchError) -> Result {
        try check(ct_draws_begin(ct, seed), "Device.drawing")
        defer { ct_draws_end() }
        return try body()
    }
}

extension Runtime {
    /// Runs `body` with operations on CPU tensors being those that a GPU would run, and graphs recorded on the CPU: for
    /// tests on machines without a GPU. It holds for this thread alone.
    package static func walkingDevicePath<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = ct_walk_device_path(true)
        defer { _ = ct_walk_device_path(before) }
        return try body()
    }
}

// MARK: - Tensors that stay where they are

extension Tensor {
    /// The numbers `range` of this int64 vector as ids that the caller says lie in 0 ... `highest`. They share its
    /// memory, and whoever overwrites them keeps to that range: `embedding` does not look at them.
    package func trustedIDs(_ range: Range<Int>, highest: Int) throws(TorchError) -> Tensor {
        try Tensor.make("trustedIDs", [self]) {
            ct_trusted_ids(handle, Int64(range.lowerBound), Int64(range.upperBound), Int64(highest), $0)
        }
    }

    /// Overwrites the numbers with those of a CPU tensor of the same shape and type; nothing waits.
    package func fill(_ source: Tensor) throws(TorchError) {
        try check(ct_tensor_fill(handle, source.handle), "fill", [self, source])
    }

    /// The same numbers as a matrix of `rows` rows, sharing the memory of this contiguous tensor.
    package func view(rows: Int) throws(TorchError) -> Tensor {
        try Tensor.make("view", [self]) { ct_view_rows(handle, Int64(rows), $0) }
    }

    /// Adds a tensor to this one in place; autograd does not record it.
    package func accumulate(_ value: Tensor) throws(TorchError) {
        try check(ct_accumulate(handle, value.handle), "accumulate", [self, value])
    }

    /// Sets all numbers to zero; autograd does not record it.
    package func clear() throws(TorchError) {
        try check(ct_zero(handle), "clear", [self])
    }

    /// Makes a tensor the gradient of this leaf: later ones are added to it in place.
    package func setGradient(_ gradient: Tensor) throws(TorchError) {
        try check(ct_set_grad(handle, gradient.handle), "setGradient", [self, gradient])
    }

    /// `packedSpanLoss` of logits [T, 2] whose rows only their device knows; the last row counts as nothing.
    ///
    /// - Parameters:
    ///   - rows: B + 1 rows with the device's starts.
    ///   - targets: int64 [B, 2] on the device.
    package func packedSpanLoss(
        inForm rows: PackedRows, targets: Tensor, longest: Int, rowDivisor: Double
    ) throws(TorchError) -> Tensor {
        try Tensor.make("packedSpanLoss", [self, targets]) {
            ct_packed_span_loss_in_form(
                handle, rows.deviceStarts?.handle, targets.handle, Int64(longest), rowDivisor, $0)
        }
    }

    /// `packedSoftSpanLoss` of such logits; the labels' tensors are on the device of the logits.
    package func packedSoftSpanLoss(
        inForm rows: PackedRows, labels: SoftSpanLabels, longest: Int, rowDivisor: Double
    ) throws(TorchError) -> Tensor {
        let teacher = labels.teacher
        return try Tensor.make("packedSoftSpanLoss", [self, labels.places]) {
            ct_packed_soft_span_loss_in_form(
                handle, rows.deviceStarts?.handle, labels.places.handle, labels.smoothing, teacher?.shares.handle,
                teacher?.temperature ?? 1, teacher?.weight ?? 0, Int64(longest), rowDivisor, $0)
        }
    }
}
