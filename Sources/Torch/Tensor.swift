import CTorch

/// An array of numbers with a shape, held by libtorch.
///
/// A tensor owns one handle and releases it when the last reference to the tensor is gone. It is not `Sendable`: an
/// actor owns a model, and numbers, not tensors, leave it.
package final class Tensor: CustomStringConvertible {
    let handle: OpaquePointer

    /// Takes ownership of a handle from the C interface.
    init(owning handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        ct_tensor_free(handle)
    }

    /// Runs a call that writes a new handle, and takes ownership of the handle.
    static func make(
        _ operation: String, _ operands: @autoclosure () -> [Tensor] = [],
        _ call: (UnsafeMutablePointer<OpaquePointer?>) -> CTStatus
    ) throws(TorchError) -> Tensor {
        var result: OpaquePointer?
        try check(call(&result), operation, operands())
        guard let result else {
            throw TorchError(
                kind: .failed, operation: operation, operands: "", message: "the call succeeded without a result")
        }
        return Tensor(owning: result)
    }

    /// The sizes of the dimensions.
    package var shape: [Int] {
        var rank: Int32 = 0
        // Neither call can fail for a live handle; an empty shape is what a scalar has.
        guard ct_tensor_rank(handle, &rank) == CT_OK else { return [] }
        var sizes = [Int64](repeating: 0, count: Int(rank))
        guard ct_tensor_shape(handle, &sizes, rank) == CT_OK else { return [] }
        return sizes.map(Int.init)
    }

    /// The number of elements.
    package var count: Int { shape.reduce(1, *) }

    /// The element type.
    package var dtype: DType {
        var result = CT_FLOAT32
        let status = ct_tensor_dtype(handle, &result)
        precondition(status == CT_OK, "BertQA makes no tensors of types it cannot name")
        return DType(result) ?? .float32
    }

    /// Where the elements are.
    package var device: Device {
        var result = CT_CPU
        let status = ct_tensor_device(handle, &result)
        precondition(status == CT_OK, "BertQA makes no tensors on devices it cannot name")
        return Device.allCases.first { $0.ct == result } ?? .cpu
    }

    /// Element type and shape, such as `float32[2, 3]`.
    package var description: String { "\(dtype)\(shape)" }
}

// MARK: - Making tensors

extension Tensor {
    /// A CPU tensor with a copy of `values`, in row-major order.
    package static func of<Element: TensorElement>(
        _ values: [Element], shape: [Int]? = nil
    ) throws(TorchError) -> Tensor {
        let sizes = (shape ?? [values.count]).map(Int64.init)
        return try make("Tensor.of") { out in
            values.withUnsafeBytes { bytes in
                ct_tensor_copy_bytes(
                    bytes.baseAddress, bytes.count, sizes, Int32(sizes.count), Element.dtype.ct, out)
            }
        }
    }

    /// A CPU tensor with a copy of elements that lie in memory at any alignment.
    package static func copying(
        _ bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType
    ) throws(TorchError) -> Tensor {
        let sizes = shape.map(Int64.init)
        return try make("Tensor.copying") { out in
            ct_tensor_copy_bytes(bytes.baseAddress, bytes.count, sizes, Int32(sizes.count), dtype.ct, out)
        }
    }

    /// A tensor of zeros.
    package static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        let sizes = shape.map(Int64.init)
        return try make("zeros") { ct_tensor_zeros(sizes, Int32(sizes.count), dtype.ct, device.ct, $0) }
    }

    /// A tensor with every element `value`.
    package static func full(
        _ shape: [Int], value: Double, dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        let sizes = shape.map(Int64.init)
        return try make("full") { ct_tensor_full(value, sizes, Int32(sizes.count), dtype.ct, device.ct, $0) }
    }

    /// A CPU tensor of normally distributed numbers with mean 0, the same for the same seed.
    package static func normal(
        _ shape: [Int], standardDeviation: Double, seed: UInt64, dtype: DType = .float32
    ) throws(TorchError) -> Tensor {
        let sizes = shape.map(Int64.init)
        return try make("normal") { ct_tensor_normal(standardDeviation, seed, sizes, Int32(sizes.count), dtype.ct, $0) }
    }

    /// A CPU tensor over read-only memory that `owner` keeps alive; nothing is copied.
    ///
    /// The tensor must not be assigned to or changed in place.
    package static func borrowing(
        _ bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, owner: AnyObject
    ) throws(TorchError) -> Tensor {
        guard let base = bytes.baseAddress else {
            return try zeros(shape, dtype: dtype)
        }
        let sizes = shape.map(Int64.init)
        let kept = Unmanaged.passRetained(owner)
        let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            if let context { Unmanaged<AnyObject>.fromOpaque(context).release() }
        }
        do {
            return try make("Tensor.borrowing") { out in
                ct_tensor_borrow_bytes(
                    base, bytes.count, sizes, Int32(sizes.count), dtype.ct, release, kept.toOpaque(), out)
            }
        } catch {
            kept.release()
            throw error
        }
    }
}

// MARK: - Reading and converting

extension Tensor {
    /// All elements in row-major order; the element type must be `Element`'s.
    package func array<Element: TensorElement>(of type: Element.Type = Element.self) throws(TorchError) -> [Element] {
        guard dtype == Element.dtype else {
            throw TorchError(
                kind: .failed, operation: "array", operands: description,
                message: "the elements are not \(Element.dtype)")
        }
        let size = count
        var status = CT_OK
        let values = [Element](unsafeUninitializedCapacity: size) { buffer, initialized in
            status = ct_tensor_read_bytes(handle, buffer.baseAddress, size * MemoryLayout<Element>.stride)
            initialized = status == CT_OK ? size : 0
        }
        try check(status, "array", [self])
        return values
    }

    /// Copies the elements' bytes, in row-major order, to memory of exactly that size.
    package func copyBytes(to destination: UnsafeMutableRawBufferPointer) throws(TorchError) {
        try check(ct_tensor_read_bytes(handle, destination.baseAddress, destination.count), "copyBytes", [self])
    }

    /// The only element.
    package func item() throws(TorchError) -> Double {
        var result = 0.0
        try check(ct_tensor_item(handle, &result), "item", [self])
        return result
    }

    /// The tensor with another element type; itself if it has that type already.
    package func to(_ dtype: DType) throws(TorchError) -> Tensor {
        if dtype == self.dtype { return self }
        return try Tensor.make("to", [self]) { ct_tensor_to_dtype(handle, dtype.ct, $0) }
    }

    /// The tensor on another device; itself if it is there already.
    package func to(_ device: Device) throws(TorchError) -> Tensor {
        if device == self.device { return self }
        return try Tensor.make("to", [self]) { ct_tensor_to_device(handle, device.ct, $0) }
    }

    /// A copy with memory of its own, outside the graph.
    package func clone() throws(TorchError) -> Tensor {
        try Tensor.make("clone", [self]) { ct_tensor_clone(handle, $0) }
    }

    /// Overwrites the elements with those of a tensor of the same shape; autograd does not record it.
    package func assign(_ source: Tensor) throws(TorchError) {
        try check(ct_tensor_assign(handle, source.handle), "assign", [self, source])
    }
}
