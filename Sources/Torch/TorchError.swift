import CTorch

/// A call into libtorch that failed.
package struct TorchError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    package enum Kind: Sendable, Hashable {
        /// libtorch refused the arguments, or the computation failed.
        case failed
        /// The device or the host had no memory left.
        case outOfMemory
    }

    /// The kind of failure.
    package let kind: Kind
    /// The operation, such as `matmul`.
    package let operation: String
    /// Shapes and element types of its operands, such as `float32[2, 3], float32[4, 5]`; empty if it has none.
    package let operands: String
    /// libtorch's own message.
    package let message: String

    /// An error with the given parts.
    package init(kind: Kind, operation: String, operands: String, message: String) {
        self.kind = kind
        self.operation = operation
        self.operands = operands
        self.message = message
    }

    /// One line for the user.
    package var description: String {
        operands.isEmpty ? "\(operation): \(message)" : "\(operation)(\(operands)): \(message)"
    }
}

/// Turns a status into an error that names the operation and its operands.
func check(
    _ status: CTStatus, _ operation: String, _ operands: @autoclosure () -> [Tensor] = []
) throws(TorchError) {
    guard status != CT_OK else { return }
    // The message first: describing the operands calls the library again.
    let message = String(cString: ct_last_error())
    throw TorchError(
        kind: status == CT_OUT_OF_MEMORY ? .outOfMemory : .failed, operation: operation,
        operands: operands().map(\.description).joined(separator: ", "), message: message)
}
