import StrictJSON

/// A new document, cut into passages.
package struct NewDocument: Sendable {
    /// Its name in the store.
    package let id: DocumentID
    /// Its text.
    package let text: String
    /// The passages of the text (`Passage.split`).
    package let passages: [Passage]
    /// Its title, which search finds as well; nil if it has none.
    package var title: String?
    /// Where it comes from, as a path or an address; nil if unknown.
    package var source: String?
    /// Further data about it, whose members filters compare.
    package var metadata = JSONObject([])
    /// The vector of each passage, all with the same number of elements and of length 1; nil without an encoder.
    package var vectors: [[Float]]?

    /// A document without title, source, metadata and vectors.
    package init(id: DocumentID, text: String, passages: [Passage]) {
        (self.id, self.text, self.passages) = (id, text, passages)
    }
}

/// The information about a stored document, without its text.
package struct DocumentSummary: Sendable, Hashable {
    /// Its name in the store.
    package let id: DocumentID
    /// UTF-8 bytes of its text.
    package let bytes: Int
    /// Unicode scalars of its text.
    package let characters: Int
    /// The number of its passages.
    package let passages: Int
    /// When it was stored, in seconds since 1970.
    package let updated: Double
    /// A number that no other text of the store has.
    package let revision: Int64
    /// Its title; nil if it has none.
    package let title: String?
    /// Where it comes from; nil if unknown.
    package let source: String?
    /// Further data about it.
    package let metadata: JSONObject

    /// The information about a document, as a store has read it.
    package init(
        id: DocumentID, bytes: Int, characters: Int, passages: Int, updated: Double, revision: Int64, title: String?,
        source: String?, metadata: JSONObject
    ) {
        (self.id, self.bytes, self.characters, self.passages) = (id, bytes, characters, passages)
        (self.updated, self.revision) = (updated, revision)
        (self.title, self.source, self.metadata) = (title, source, metadata)
    }

    /// The information about a document that was just stored.
    package init(_ document: NewDocument, updated: Double, revision: Int64) {
        self.init(
            id: document.id, bytes: document.text.utf8.count, characters: document.text.unicodeScalars.count,
            passages: document.passages.count, updated: updated, revision: revision, title: document.title,
            source: document.source, metadata: document.metadata)
    }
}

/// A passage that a search has found, with how well it fits.
package struct PassageHit: Sendable, Hashable {
    /// The store's number of the passage.
    package let passage: Int64
    /// Higher fits better. BM25 for words, which is above 0; the cosine for vectors, from -1 to 1.
    package let score: Double

    /// A hit.
    package init(passage: Int64, score: Double) {
        (self.passage, self.score) = (passage, score)
    }
}

/// A passage of a stored document, with its words.
package struct StoredPassage: Sendable {
    /// The store's number of the passage.
    package let number: Int64
    /// The document that it is a part of.
    package let document: DocumentID
    /// The document's revision.
    package let revision: Int64
    /// The document's title.
    package let title: String?
    /// Its place in the document.
    package let passage: Passage
    /// Its words.
    package let text: String

    /// A passage that a store has read.
    package init(
        number: Int64, document: DocumentID, revision: Int64, title: String?, passage: Passage, text: String
    ) {
        (self.number, self.document, self.revision, self.title) = (number, document, revision, title)
        (self.passage, self.text) = (passage, text)
    }
}

/// The size of a store.
package struct StoreLimits: Sendable, Hashable {
    /// Documents.
    package var documents: Int
    /// Bytes of all documents' texts together.
    package var bytes: Int

    /// As much as there is room for.
    package static let unlimited = StoreLimits(documents: .max, bytes: .max)

    /// Limits of a store.
    package init(documents: Int, bytes: Int) {
        (self.documents, self.bytes) = (documents, bytes)
    }

    /// - Parameters:
    ///   - documents: how many are stored.
    ///   - bytes: those of their texts.
    ///   - added: those of a text that is to be stored too.
    /// - Throws: `DocumentStoreError` of the kind `limit` if there is no room for it.
    func check(documents: Int, bytes: Int, adding added: Int) throws(DocumentStoreError) {
        guard documents < self.documents else {
            throw DocumentStoreError(.limit, "there are \(documents) documents, which is the limit; delete some")
        }
        guard added <= self.bytes - bytes else {
            throw DocumentStoreError(
                .limit,
                "the documents have \(bytes) bytes; this text of \(added) would exceed the limit of \(self.bytes); "
                    + "delete some")
        }
    }
}

/// The encoder that makes the vectors of passages. A store has the vectors of one encoder only.
package struct VectorSource: Sendable, Hashable {
    /// The encoder's identity: a digest of its files.
    package let encoder: String
    /// The number of elements of a vector.
    package let width: Int

    /// An encoder.
    package init(encoder: String, width: Int) {
        (self.encoder, self.width) = (encoder, width)
    }
}

extension NewDocument {
    /// The words of each passage, for an encoder.
    package var passageTexts: [String] {
        var end = (byte: 0, index: text.startIndex)
        return passages.map { passage in
            let first = text.utf8.index(end.index, offsetBy: passage.bytes.lowerBound - end.byte)
            end = (passage.bytes.upperBound, text.utf8.index(first, offsetBy: passage.bytes.count))
            return String(text[first..<end.index])
        }
    }
}
