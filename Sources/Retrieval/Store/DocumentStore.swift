/// Documents with an index of their passages: a database.
///
/// Every change is one transaction: a document is there with its index, or not at all. Every method throws
/// `DocumentStoreError`, and `CancellationError` if its task is cancelled.
package protocol DocumentStore: Sendable {
    /// Stores a document under its id, and replaces an earlier one with that id.
    ///
    /// - Returns: what is stored, and the revision that it replaces.
    /// - Throws: `DocumentStoreError`, among others of the kinds `limit` and `diskFull`.
    func put(_ document: NewDocument) async throws -> (document: DocumentSummary, replaced: Int64?)

    /// A document with its text; nil if there is none.
    func document(_ id: DocumentID) async throws -> (summary: DocumentSummary, text: String)?

    /// The information about a document, without its text; nil if there is none.
    func summary(_ id: DocumentID) async throws -> DocumentSummary?

    /// Documents in the order of their ids.
    ///
    /// - Parameter last: the id to continue after.
    func list(after last: DocumentID?, limit: Int, filter: DocumentFilter) async throws -> [DocumentSummary]

    /// - Returns: the revision that is deleted; nil if there was no such document.
    func delete(_ id: DocumentID) async throws -> Int64?

    /// The number of documents and the bytes of their texts.
    func size() async throws -> (documents: Int, bytes: Int)

    /// The best passages for these words, of those that have any of them, best first; scores are BM25's.
    ///
    /// - Parameter words: see `SearchWords.words`.
    func search(words: [String], filter: DocumentFilter, limit: Int) async throws -> [PassageHit]

    /// The passages whose vectors are nearest to `vector`, best first; scores are cosines.
    ///
    /// - Returns: no hits if the passages have no vectors.
    func search(vector: [Float], filter: DocumentFilter, limit: Int) async throws -> [PassageHit]

    /// The cosines of the vectors of these passages with `vector`, by passage; none for a passage without a vector.
    func cosines(of passages: [Int64], with vector: [Float]) async throws -> [Int64: Double]

    /// The passages with these numbers, in the same order; those that no longer exist are left out.
    func passages(_ numbers: [Int64]) async throws -> [StoredPassage]

    /// Passages that have no vector, in the order of their numbers: those stored without an encoder.
    ///
    /// - Parameter last: the number to continue after.
    func passagesWithoutVector(after last: Int64, limit: Int) async throws -> [StoredPassage]

    /// Stores vectors of passages; those whose document was replaced in the meantime are left out.
    func setVectors(_ vectors: [(passage: StoredPassage, vector: [Float])]) async throws

    /// The files of a collection; nil if there is none of this name.
    func collection(_ name: String) async throws -> FileCollection?

    /// Changes a collection, which is made if it is not there: all of the changes in one transaction.
    ///
    /// - Returns: paths of files that were not stored, because a document with their id is there that is no file's of
    ///   this collection.
    func apply(_ changes: [FileChange], to collection: String, folder: String) async throws -> [String]
}
