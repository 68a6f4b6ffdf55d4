import Foundation
import PostgreSQL
import StrictJSON

/// Documents in a PostgreSQL database, which several servers may share.
package struct PostgresStore: DocumentStore {
    private let pool: PostgresPool
    private let limits: StoreLimits
    private let source: VectorSource?
    private let statistics: WordStatistics

    /// Connects, and makes the tables if they are not there.
    ///
    /// - Parameters:
    ///   - language: that of the documents; a database that was indexed for another one is indexed again. Nil takes
    ///     what the database has, English in a new one.
    ///   - source: what makes the vectors of passages; nil stores and compares none.
    ///   - wordBudget: passages that a search by words looks at; common words are left out where it would be more.
    /// - Throws: `DocumentStoreError`.
    package init(
        _ url: DatabaseURL, limits: StoreLimits, language: SearchLanguage? = nil, source: VectorSource? = nil,
        wordBudget: Int = 100_000
    ) throws(DocumentStoreError) {
        (self.limits, self.source) = (limits, source)
        statistics = WordStatistics(budget: wordBudget)
        pool = PostgresPool(url)
        do {
            try pool.transactionNow {
                try PostgresSchema.prepare($0, name: url.description, language: language, source: source)
            }
        } catch let error as DocumentStoreError {
            throw error
        } catch let error as PostgresError {
            throw DocumentStoreError(name: url.description, error: error)
        } catch {
            throw DocumentStoreError(.failed, "\(url): \(error)")
        }
    }

    // MARK: Documents

    package func put(_ document: NewDocument) async throws -> (document: DocumentSummary, replaced: Int64?) {
        let limits = limits
        return try await transaction { connection in
            var size = try PostgresSize(locking: connection)
            let result = try PostgresDocument.put(document, &size, limits, connection)
            try size.write(connection)
            return result
        }
    }

    package func document(_ id: DocumentID) async throws -> (summary: DocumentSummary, text: String)? {
        try await transaction { connection in
            let rows = try connection.execute(
                "SELECT \(PostgresDocument.summaryColumns), text FROM bertqa_document WHERE id = $1", [.text(id.text)])
            return try rows.first.map { row in
                (try PostgresDocument.summary(row), String(decoding: try row.bytes(9), as: UTF8.self))
            }
        }
    }

    package func summary(_ id: DocumentID) async throws -> DocumentSummary? {
        try await transaction { connection in
            try connection.execute(
                "SELECT \(PostgresDocument.summaryColumns) FROM bertqa_document WHERE id = $1", [.text(id.text)]
            ).first.map(PostgresDocument.summary)
        }
    }

    package func list(
        after last: DocumentID?, limit: Int, filter: DocumentFilter
    ) async throws -> [DocumentSummary] {
        try await transaction { connection in
            var values: [PostgresValue] = [.text(last?.text ?? ""), .int(limit)]
            let condition = filter.postgresCondition(&values)
            return try connection.execute(
                """
                SELECT \(PostgresDocument.summaryColumns) FROM bertqa_document
                WHERE id > $1 AND \(condition) ORDER BY id LIMIT $2
                """, values
            ).map(PostgresDocument.summary)
        }
    }

    package func delete(_ id: DocumentID) async throws -> Int64? {
        try await transaction { connection in
            var size = try PostgresSize(locking: connection)
            let revision = try PostgresDocument.delete(id, &size, connection)
            try size.write(connection)
            return revision
        }
    }

    package func size() async throws -> (documents: Int, bytes: Int) {
        try await transaction { connection in
            guard let row = try connection.execute("SELECT documents, bytes FROM bertqa_size").first else {
                throw PostgresError(.contents, "the table bertqa_size is empty")
            }
            return (try row.int(0), try row.int(1))
        }
    }

    // MARK: Search

    package func search(words: [String], filter: DocumentFilter, limit: Int) async throws -> [PassageHit] {
        guard !words.isEmpty else { return [] }
        let statistics = statistics
        return try await transaction { connection in
            let search = try PostgresSearch(words: words, statistics: statistics, connection)
            return try search.run(filter: filter, limit: limit, connection)
        }
    }

    /// Nothing: to look through all vectors would mean to fetch all of them for each question.
    package func search(vector: [Float], filter: DocumentFilter, limit: Int) async throws -> [PassageHit] { [] }

    package func cosines(of passages: [Int64], with vector: [Float]) async throws -> [Int64: Double] {
        guard source != nil else { return [:] }
        return try await transaction { connection in
            let rows = try connection.execute(
                "SELECT id, vector FROM bertqa_passage WHERE id = ANY ($1::bigint[]) AND vector IS NOT NULL",
                [.ints(passages.map(Int.init))])
            return try Dictionary(
                rows.map { (Int64(try $0.int(0)), PostgresVector.cosine(try $0.bytes(1), vector)) },
                uniquingKeysWith: { first, _ in first })
        }
    }

    package func passages(_ numbers: [Int64]) async throws -> [StoredPassage] {
        try await transaction { connection in
            let rows = try connection.execute(
                """
                SELECT \(PostgresDocument.passageColumns)
                FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
                JOIN bertqa_passage AS passage ON passage.id = wanted.id
                JOIN bertqa_document AS document ON document.revision = passage.revision
                ORDER BY place
                """, [.ints(numbers.map(Int.init))])
            return try rows.map(PostgresDocument.passage)
        }
    }

    package func passagesWithoutVector(after last: Int64, limit: Int) async throws -> [StoredPassage] {
        try await transaction { connection in
            try PostgresDocument.passages(after: last, limit: limit, where: "vector IS NULL", connection)
        }
    }

    package func setVectors(_ vectors: [(passage: StoredPassage, vector: [Float])]) async throws {
        let numbers = vectors.map { Int($0.passage.number) }
        let digits = vectors.map { PostgresVector.digits($0.vector) }
        try await transaction { connection in
            // A passage's number is never given again, so one that was replaced is not found.
            _ = try connection.execute(
                """
                UPDATE bertqa_passage SET vector = decode(digits, 'hex')
                FROM unnest($1::bigint[], $2::text[]) AS made (number, digits) WHERE id = number
                """, [.ints(numbers), .texts(digits)])
        }
    }

    // MARK: Folders

    package func collection(_ name: String) async throws -> FileCollection? {
        try await transaction { connection in
            let folders = try connection.execute(
                "SELECT folder FROM bertqa_collection WHERE name = $1", [.text(name)])
            guard let folder = folders.first else { return nil }
            let rows = try connection.execute(
                """
                SELECT path, id, size, modified, digest
                FROM bertqa_file JOIN bertqa_document USING (revision) WHERE collection = $1
                """, [.text(name)])
            let records = try rows.map { row in
                FileRecord(
                    path: try row.text(0), document: DocumentID(stored: try row.text(1)), size: try row.int(2),
                    modified: try row.int(3), digest: try row.text(4))
            }
            return FileCollection(
                folder: try folder.text(0),
                files: Dictionary(
                    records.map { (ExactString($0.path), $0) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    package func apply(_ changes: [FileChange], to collection: String, folder: String) async throws -> [String] {
        let limits = limits
        return try await transaction { connection in
            var files = try PostgresFiles(collection, folder: folder, limits: limits, connection)
            let refused = try files.apply(changes)
            try files.finish()
            return refused
        }
    }

    // MARK: Transactions

    private func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.transaction(body)
        } catch let error as PostgresError {
            throw DocumentStoreError(name: pool.url.description, error: error)
        }
    }
}
