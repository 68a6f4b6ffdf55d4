import CTorch

/// A tensor's numbers on their way to the host: the device computes and copies while the host does something else.
package final class HostCopy {
    private let handle: OpaquePointer

    /// Queues a copy of the numbers as they are once the device gets to it. What is queued later may overwrite them. On
    /// the CPU they are copied at once.
    package init(of tensor: Tensor) throws(TorchError) {
        var copy: OpaquePointer?
        try check(ct_host_copy_begin(tensor.handle, &copy), "HostCopy", [tensor])
        guard let copy else {
            throw TorchError(
                kind: .failed, operation: "HostCopy", operands: "", message: "the call succeeded without a result")
        }
        handle = copy
    }

    deinit { ct_host_copy_free(handle) }

    /// Waits for the copy: all elements in row-major order; the element type must be `Element`'s.
    package func array<Element: TensorElement>(of type: Element.Type = Element.self) throws(TorchError) -> [Element] {
        try Tensor.make("HostCopy.array") { ct_host_copy_finish(handle, $0) }.array()
    }
}
