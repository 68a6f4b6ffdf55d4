import Files

/// Why a model could not be exported.
package struct ExportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The cause, by which callers choose an exit code.
    package enum Kind: Sendable, Hashable {
        /// An option is invalid, or contradicts others.
        case options
        /// The model cannot be exported.
        case model
        /// The output cannot be written.
        case output
    }

    /// The cause.
    package let kind: Kind
    /// One line for the user. It names options as files do: `opset`.
    package let description: String

    init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }

    /// An error of the system, or of another process, about a file that was to be written.
    init(writing error: FileError) {
        self.init(.output, "\(error)")
    }
}
