import StrictJSON

/// The name of a stored document: any text of at most 512 bytes without control characters.
///
/// Ids are the same if all their bytes are.
package struct DocumentID: Hashable, Sendable {
    private let exact: ExactString

    /// The id as it is written.
    package var text: String { exact.text }

    /// The most bytes that an id may have.
    package static let mostBytes = 512

    /// Takes an id from outside.
    ///
    /// - Throws: `DocumentStoreError` of the kind `id`.
    package init(_ text: String) throws(DocumentStoreError) {
        let count = text.utf8.count
        guard (1...Self.mostBytes).contains(count) else {
            throw DocumentStoreError(.id, "an id has 1 to \(Self.mostBytes) bytes of UTF-8; this one has \(count)")
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw DocumentStoreError(.id, "an id has no control characters, such as line ends")
        }
        // Clients take these for folders of a path, however they are escaped.
        guard text != ".", text != ".." else {
            throw DocumentStoreError(.id, "an id is neither '.' nor '..', which clients take out of a path")
        }
        exact = ExactString(text)
    }

    /// An id that is in the store already.
    package init(stored text: String) {
        exact = ExactString(text)
    }
}
