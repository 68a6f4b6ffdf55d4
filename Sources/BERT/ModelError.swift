/// Why a model directory can't be used, in words for the person who named it.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, for callers that choose an exit code by it.
    public enum Kind: Sendable, Hashable {
        /// The directory or a file in it isn't there.
        case missing
        /// The system refused to read.
        case unreadable
        /// A file is there but damaged, or not of its format.
        case invalid
        /// The model is whole, but of an architecture or with an option that BertQA doesn't compute.
        case unsupported
        /// The weights aren't those that the configuration describes.
        case mismatch
        /// The system refused to write.
        case unwritable
    }

    /// The file or directory.
    public let path: String
    /// What is wrong.
    public let kind: Kind
    /// What is wrong, in words.
    public let message: String

    /// An error of the file or directory at `path`.
    public init(path: String, kind: Kind, message: String) {
        self.path = path
        self.kind = kind
        self.message = message
    }

    /// The path, and what is wrong.
    public var description: String { "\(path): \(message)" }
}
