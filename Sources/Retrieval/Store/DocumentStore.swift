/// Documents with an index of their passages: a database.
///
/// Every change is one transaction: a document is there with its index, or not at all. Every method throws
/// `DocumentStoreError`, and `CancellationError` where its task is cancelled.
package protocol DocumentStore: Sendable {
    /// Stores a document under its id, in the place of one that was there.
    ///
    /// - Returns: what is stored, and the revision that it replaces.
    /// - Throws: `DocumentStoreError`, among others of the kinds `limit` and `diskFull`.
    func put(_ document: NewDocument) async throws -> (document: DocumentSummary, replaced: Int64?)

    /// A document with its text; nil if there is none.
    func document(_ id: DocumentID) async throws -> (summary: DocumentSummary, text: String)?

    /// What is known of a document without reading its text; nil if there is none.
    func summary(_ id: DocumentID) async throws -> DocumentSummary?

    /// Documents in the order of their ids.
    ///
    /// - Parameter last: the id after which to go on.
    func list(after last: DocumentID?, limit: Int, filter: DocumentFilter) async throws -> [DocumentSummary]

    /// - Returns: the revision that is deleted; nil if there was no such document.
    func delete(_ id: DocumentID) async throws -> Int64?

    /// The number of documents and the bytes of their texts.
    func size() async throws -> (documents: Int, bytes: Int)

    /// The passages with any of these words that fit them best, best first; scores are BM25's.
    ///
    /// - Parameter words: see `SearchWords.words`.
    func search(words: [String], filter: DocumentFilter, limit: Int) async throws -> [PassageHit]

    /// The passages whose vectors are nearest to `vector`, best first; scores are cosines.
    ///
    /// - Returns: nothing where passages have no vectors.
    func search(vector: [Float], filter: DocumentFilter, limit: Int) async throws -> [PassageHit]

    /// The cosines of the vectors of these passages with `vector`, by passage; none for a passage without a vector.
    func cosines(of passages: [Int64], with vector: [Float]) async throws -> [Int64: Double]

    /// The passages with these numbers, in the same order; those that are gone are left out.
    func passages(_ numbers: [Int64]) async throws -> [StoredPassage]

    /// Passages that have no vector, in the order of their numbers: those stored without an encoder.
    ///
    /// - Parameter last: the number after which to go on.
    func passagesWithoutVector(after last: Int64, limit: Int) async throws -> [StoredPassage]

    /// Stores vectors of passages; one whose document was replaced since is left out.
    func setVectors(_ vectors: [(passage: StoredPassage, vector: [Float])]) async throws
}
