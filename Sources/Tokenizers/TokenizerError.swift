/// Why a tokenizer could not be read, written or used.
public struct TokenizerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: Sendable, Hashable {
        /// A file or folder is not there.
        case missing
        /// A file could not be read or written.
        case inputOutput
        /// A file holds something else than it should.
        case malformed
        /// A well-formed file asks for what BertQA does not do.
        case unsupported
        /// The vocabulary lacks a token, has one twice or has gaps.
        case vocabulary
        /// A text cannot be cut to the length asked for.
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
