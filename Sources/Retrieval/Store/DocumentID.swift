/// The name of a stored document: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 128.
///
/// So it needs no escapes in a path, a log or a file name.
package struct DocumentID: Hashable, Sendable {
    /// The id as it is written.
    package let text: String

    /// Takes an id from outside.
    ///
    /// - Throws: `DocumentStoreError` of the kind `id`.
    package init(_ text: String) throws(DocumentStoreError) {
        let bytes = text.utf8
        guard (1...128).contains(bytes.count), let first = bytes.first, Self.isLetterOrDigit(first),
            bytes.allSatisfy({ Self.isLetterOrDigit($0) || "._-".utf8.contains($0) })
        else {
            throw DocumentStoreError(
                .id, "a document's id has 1 to 128 letters, digits, '.', '_' or '-' and begins with a letter or digit")
        }
        self.text = text
    }

    /// An id that is in the store already.
    package init(stored text: String) {
        self.text = text
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
