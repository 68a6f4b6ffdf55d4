import Files

/// Why a model could not be exported.
package struct ExportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is at fault; callers choose an exit code by it.
    package enum Kind: Sendable, Hashable {
        /// An option that cannot be, or not with the others.
        case options
        /// The model.
        case model
        /// What was to be written.
        case output
    }

    /// What is at fault.
    package let kind: Kind
    /// One line for the user. It names options as files do: `opset`.
    package let description: String

    init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }

    /// What the system, or another process, says of a file that was to be written.
    init(writing error: FileError) {
        self.init(.output, "\(error)")
    }
}
