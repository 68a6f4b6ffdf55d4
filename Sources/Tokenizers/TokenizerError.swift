/// Why a tokenizer could not be read, written or used.
package struct TokenizerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is.
    package enum Kind: Sendable, Hashable {
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
    package let kind: Kind
    /// What happened and what to do, naming the file.
    package let message: String

    /// Makes an error.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    package var description: String { message }
}
