/// Why a tokenizer could not be read, written or used.
public struct TokenizerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Kind: Sendable, Hashable {
        /// A file or folder does not exist.
        case missing
        /// A file could not be read or written.
        case inputOutput
        /// A file has other contents than it should.
        case malformed
        /// A well-formed file asks for something that BertQA does not support.
        case unsupported
        /// The vocabulary lacks a token, has one twice or has gaps.
        case vocabulary
        /// A text cannot be cut to the given length.
        case truncation
    }

    /// The kind of failure.
    public let kind: Kind
    /// What happened and what to do, naming the file.
    public let message: String

    /// Makes an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
