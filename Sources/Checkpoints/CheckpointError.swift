import Files

/// Why the files of a model cannot be used or written.
package struct CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure, by which callers choose an exit code.
    package enum Kind: Sendable, Hashable {
        /// The file or directory does not exist.
        case missing
        /// The system refused to read the file.
        case unreadable
        /// The system refused to write the file.
        case unwritable
        /// The file is corrupt, or not in the expected format.
        case invalid
        /// The file is intact, but uses something that BertQA does not implement.
        case unsupported
        /// The weights do not match the configuration.
        case mismatch

        /// The kind of failure if a file cannot be read.
        init(_ kind: FileError.Kind) {
            self =
                switch kind {
                case .missing: .missing
                case .contents: .invalid
                case .system: .unreadable
                }
        }
    }

    /// The file or directory.
    package let path: String
    /// The kind of failure.
    package let kind: Kind
    /// What is wrong, in words.
    package let message: String

    /// An error of the file or directory at `path`.
    package init(path: String, kind: Kind, message: String) {
        self.path = path
        self.kind = kind
        self.message = message
    }

    /// The path, and what is wrong.
    package var description: String { "\(path): \(message)" }
}
