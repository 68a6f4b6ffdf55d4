/// Why a file of weights cannot be used.
package struct CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; callers choose an exit code by it.
    package enum Kind: Sendable, Hashable {
        /// The file does not exist.
        case missing
        /// The system refused to read the file.
        case unreadable
        /// The file is corrupt, or not in the expected format.
        case invalid
    }

    /// The file.
    package let path: String
    /// The kind of failure.
    package let kind: Kind
    /// What is wrong, in words.
    package let message: String

    /// An error of the file at `path`.
    package init(path: String, kind: Kind, message: String) {
        self.path = path
        self.kind = kind
        self.message = message
    }

    /// The path, and what is wrong.
    package var description: String { "\(path): \(message)" }
}
