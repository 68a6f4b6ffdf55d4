import CTorch

/// This process's part in a group of processes that compute together: c10d's process group.
///
/// Collective calls are made by all processes in the same order, with tensors of the same shape and type. One that
/// waits longer than the group's timeout, or whose peer is gone, throws.
package final class ProcessGroup {
    /// What carries the numbers.
    package enum Backend: Sendable {
        /// TCP between CPUs, from this machine's IP address; nil takes that of the interface `GLOO_SOCKET_IFNAME`, or
        /// of the host's name.
        case gloo(address: String?)
        /// NVIDIA's library, between GPUs.
        case nccl
    }

    let handle: OpaquePointer
    /// This process's number, from 0.
    package let rank: Int
    /// The number of processes.
    package let size: Int

    /// Joins the group; waits for all others.
    ///
    /// - Parameter timeout: how long they are waited for, now and in each collective call, in seconds.
    package init(
        store: ProcessStore, rank: Int, size: Int, backend: Backend, timeout: Double
    ) throws(TorchError) {
        var group: OpaquePointer?
        switch backend {
        case .gloo(let address):
            try check(
                ct_process_group_gloo(store.handle, Int32(rank), Int32(size), address, timeout, &group), "ProcessGroup")
        case .nccl:
            try check(ct_process_group_nccl(store.handle, Int32(rank), Int32(size), timeout, &group), "ProcessGroup")
        }
        guard let group else {
            throw TorchError(
                kind: .failed, operation: "ProcessGroup", operands: "", message: "the call succeeded without a result")
        }
        (handle, self.rank, self.size) = (group, rank, size)
    }

    deinit {
        ct_process_group_free(handle)
    }

    /// Replaces the elements by their sums over all processes, the same bits everywhere.
    package func allReduce(_ tensor: Tensor) throws(TorchError) {
        try check(ct_all_reduce(handle, tensor.handle), "allReduce", [tensor])
    }

    /// Replaces the elements by those that one process has.
    package func broadcast(_ tensor: Tensor, from root: Int) throws(TorchError) {
        try check(ct_broadcast(handle, tensor.handle, Int32(root)), "broadcast", [tensor])
    }

    /// The sums over all processes of numbers that each brings.
    package func sums(_ numbers: [Double]) throws(TorchError) -> [Double] {
        let tensor = try Tensor.of(numbers)
        try allReduce(tensor)
        return try tensor.array()
    }

    /// The bytes that process `root` brings; what others bring is not looked at.
    package func bytes(_ bytes: [UInt8], from root: Int) throws(TorchError) -> [UInt8] {
        let length = Int(try sums([rank == root ? Double(bytes.count) : 0])[0])
        guard length > 0 else { return [] }
        let tensor = try Tensor.of(rank == root ? bytes : [UInt8](repeating: 0, count: length))
        try broadcast(tensor, from: root)
        return try tensor.array()
    }

    /// What each process brings, by rank.
    package func gather(_ bytes: [UInt8]) throws(TorchError) -> [[UInt8]] {
        var all: [[UInt8]] = []
        for root in 0..<size { all.append(try self.bytes(bytes, from: root)) }
        return all
    }
}

/// Sums the gradients of parameters over a group of processes while the backward pass goes on, in buckets that never
/// change.
package final class GradientReducer {
    private let handle: OpaquePointer
    private let parameters: [Tensor]
    private let group: ProcessGroup

    /// Watches the parameters' gradients from now on.
    ///
    /// - Parameter bucketBytes: how much is sent at once, about.
    package init(
        group: ProcessGroup, parameters: [Tensor], bucketBytes: Int = 8 << 20
    ) throws(TorchError) {
        var reducer: OpaquePointer?
        let handles: [OpaquePointer?] = parameters.map(\.handle)
        try check(
            ct_gradient_reducer_create(group.handle, handles, Int32(handles.count), Int64(bucketBytes), &reducer),
            "GradientReducer")
        guard let reducer else {
            throw TorchError(
                kind: .failed, operation: "GradientReducer", operands: "",
                message: "the call succeeded without a result")
        }
        (handle, self.parameters, self.group) = (reducer, parameters, group)
    }

    deinit {
        ct_gradient_reducer_free(handle)
    }

    /// Lets the next backward pass be the one whose gradients are summed: each bucket is sent once it is complete.
    package func arm() throws(TorchError) {
        try check(ct_gradient_reducer_arm(handle), "GradientReducer.arm")
    }

    /// Sends what was not sent yet, and waits: then every gradient is the sum over all processes.
    ///
    /// - Returns: the seconds it waited for the others.
    @discardableResult
    package func finish() throws(TorchError) -> Double {
        var waited = 0.0
        try check(ct_gradient_reducer_finish(handle, &waited), "GradientReducer.finish")
        return waited
    }
}
