import Foundation
import GRDB
import StrictJSON

/// Documents in SQLite, with a full-text index of their passages and the vectors of these.
package struct SQLiteStore: DocumentStore {
    private let database: any DatabaseWriter
    /// Nil for a database in memory.
    private let file: DatabaseFile?
    private let limits: StoreLimits
    private let common: CommonWords
    /// Nil if vectors are neither made nor searched.
    private let source: VectorSource?

    /// Opens or creates the database.
    ///
    /// - Parameters:
    ///   - path: its file; nil keeps it in memory.
    ///   - language: that of the documents; a database that was indexed for another one is indexed again. Nil keeps the
    ///     database's language, English in a new one.
    ///   - source: what makes the vectors of passages; nil stores and finds none.
    ///   - wordBudget: passages that a search by words looks at; common words are left out if it would be more.
    /// - Throws: `DocumentStoreError` of the kinds `unavailable`, `corrupt` and `encoder`.
    package init(
        path: String?, limits: StoreLimits, language: SearchLanguage? = nil, source: VectorSource? = nil,
        wordBudget: Int = 100_000
    ) throws(DocumentStoreError) {
        self.source = source
        common = CommonWords(budget: wordBudget)
        self.limits = limits
        file = if let path { try DatabaseFile(path: path) } else { nil }
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            if let path {
                database = try DatabasePool(path: path, configuration: configuration)
            } else {
                database = try DatabaseQueue(configuration: configuration)
            }
            try Schema.prepare(database, name: path ?? "the database in memory", language: language, source: source)
        } catch let error as DocumentStoreError {
            throw error
        } catch {
            throw DocumentStoreError(path: path, error: error)
        }
    }

    // MARK: Documents

    package func put(_ document: NewDocument) async throws -> (document: DocumentSummary, replaced: Int64?) {
        let (limits, width) = (limits, source?.width)
        return try await write { db in try Self.put(document, limits: limits, width: width, db) }
    }

    package func document(_ id: DocumentID) async throws -> (summary: DocumentSummary, text: String)? {
        try await read { db in
            let sql = "SELECT *, length(text) AS bytes FROM document WHERE id = ?"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [id.text]) else { return nil }
            let text: Data = row["text"]
            return (try Self.summary(row), String(decoding: text, as: UTF8.self))
        }
    }

    package func summary(_ id: DocumentID) async throws -> DocumentSummary? {
        try await read { db in
            try Row.fetchOne(db, sql: Self.summaries + " WHERE id = ?", arguments: [id.text]).map(Self.summary)
        }
    }

    package func list(
        after last: DocumentID?, limit: Int, filter: DocumentFilter
    ) async throws -> [DocumentSummary] {
        let (condition, arguments) = filter.sqliteCondition("revision")
        return try await read { db in
            try Row.fetchAll(
                db, sql: Self.summaries + " WHERE id > ? AND \(condition) ORDER BY id LIMIT ?",
                arguments: [last?.text ?? ""] + arguments + [limit]
            ).map(Self.summary)
        }
    }

    package func delete(_ id: DocumentID) async throws -> Int64? {
        try await write { db in try Self.delete(id, db) }
    }

    package func size() async throws -> (documents: Int, bytes: Int) {
        try await read { db in try Self.size(db) }
    }

    // MARK: Search

    package func search(words: [String], filter: DocumentFilter, limit: Int) async throws -> [PassageHit] {
        guard !words.isEmpty else { return [] }
        let common = common
        let (condition, arguments) = filter.sqliteCondition("revision")
        let filtered = "AND passage_words.rowid IN (SELECT id FROM passage WHERE \(condition))"
        return try await read { db in
            // Every word is quoted, and quotes cannot be in a word: nothing of a question is read as FTS5's own syntax.
            let query = try common.without(words, db).map { "\"\($0)\"" }.joined(separator: " OR ")
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT rowid, rank FROM passage_words
                    WHERE passage_words MATCH ? \(filter.conditions.isEmpty ? "" : filtered)
                    ORDER BY rank, rowid LIMIT ?
                    """,
                arguments: [query] + arguments + [limit]
            ).map { PassageHit(passage: $0[0], score: -($0[1] as Double)) }
        }
    }

    package func search(vector: [Float], filter: DocumentFilter, limit: Int) async throws -> [PassageHit] {
        guard source != nil else { return [] }
        let (condition, arguments) = filter.sqliteCondition("revision")
        return try await read { db in
            let wanted =
                filter.conditions.isEmpty
                ? nil
                : try Int64.fetchSet(db, sql: "SELECT id FROM passage WHERE \(condition)", arguments: arguments)
            return try VectorBlocks.nearest(to: vector, limit: limit, among: wanted, db)
        }
    }

    package func cosines(of passages: [Int64], with vector: [Float]) async throws -> [Int64: Double] {
        guard source != nil else { return [:] }
        return try await read { db in try VectorBlocks.cosines(of: passages, with: vector, db) }
    }

    package func passages(_ numbers: [Int64]) async throws -> [StoredPassage] {
        try await read { db in
            let find = try db.makeStatement(sql: Self.wholePassages + " WHERE passage.id = ?")
            return try numbers.compactMap { number in
                try Row.fetchOne(find, arguments: [number]).map(Self.passage)
            }
        }
    }

    package func passagesWithoutVector(after last: Int64, limit: Int) async throws -> [StoredPassage] {
        try await read { db in
            try Row.fetchAll(
                db, sql: Self.wholePassages + " WHERE passage.id > ? AND vector = 0 ORDER BY passage.id LIMIT ?",
                arguments: [last, limit]
            ).map(Self.passage)
        }
    }

    package func setVectors(_ vectors: [(passage: StoredPassage, vector: [Float])]) async throws {
        let width = source?.width
        try await write { db in
            let known = try db.makeStatement(sql: "SELECT 1 FROM passage WHERE id = ? AND revision = ?")
            let present = try vectors.filter {
                try Int.fetchOne(known, arguments: [$0.passage.number, $0.passage.revision]) != nil
            }
            try VectorBlocks.write(present.map { ($0.passage.number, $0.vector) }, width: width, db)
        }
    }

    // MARK: Folders

    package func collection(_ name: String) async throws -> FileCollection? {
        try await read { db in try SQLiteFiles.collection(name, db) }
    }

    package func apply(_ changes: [FileChange], to collection: String, folder: String) async throws -> [String] {
        let (limits, width) = (limits, source?.width)
        return try await write { db in
            var files = SQLiteFiles(collection: collection, limits: limits, width: width, db: db)
            try files.open(folder: folder)
            return try files.apply(changes)
        }
    }

    // MARK: Transactions

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await checked { try await database.read(body) }
    }

    private func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await checked { try await database.write(body) }
    }

    /// Refuses to work on a file that was removed: what is written there would be lost.
    private func checked<Value>(_ body: () async throws -> Value) async throws -> Value {
        try file?.check()
        do {
            return try await body()
        } catch let error as DatabaseError {
            // A task that is cancelled interrupts its statement.
            try Task.checkCancellation()
            throw DocumentStoreError(path: file?.path, error: error)
        }
    }

    private static let summaries = """
        SELECT revision, id, characters, passages, updated, title, source, metadata, length(text) AS bytes FROM document
        """

    private static func summary(_ row: Row) throws -> DocumentSummary {
        let text: String = row["metadata"]
        guard let metadata = try JSONValue.parse(Array(text.utf8)).object else {
            throw DocumentStoreError(.corrupt, "the metadata of document '\(row["id"] as String)' is not a JSON object")
        }
        return DocumentSummary(
            id: DocumentID(stored: row["id"]), bytes: row["bytes"], characters: row["characters"],
            passages: row["passages"], updated: row["updated"], revision: row["revision"], title: row["title"],
            source: row["source"], metadata: metadata)
    }

    private static let wholePassages = """
        SELECT passage.id AS number, document.id AS document, passage.revision AS revision, title, first, length,
            scalars, utf16, substr(document.text, first + 1, length) AS text
        FROM passage JOIN document ON document.revision = passage.revision
        """

    private static func passage(_ row: Row) -> StoredPassage {
        let first: Int = row["first"]
        let length: Int = row["length"]
        let text: Data = row["text"]
        return StoredPassage(
            number: row["number"], document: DocumentID(stored: row["document"]), revision: row["revision"],
            title: row["title"],
            passage: Passage(bytes: first..<(first + length), scalarStart: row["scalars"], utf16Start: row["utf16"]),
            text: String(decoding: text, as: UTF8.self))
    }

    static func delete(_ id: DocumentID, _ db: Database) throws -> Int64? {
        guard
            let revision = try Int64.fetchOne(
                db, sql: "SELECT revision FROM document WHERE id = ?", arguments: [id.text])
        else { return nil }
        try VectorBlocks.clear(revision, db)
        try db.execute(
            sql: "DELETE FROM passage_words WHERE rowid IN (SELECT id FROM passage WHERE revision = ?)",
            arguments: [revision])
        try db.execute(sql: "DELETE FROM document WHERE revision = ?", arguments: [revision])
        return revision
    }

    static func put(
        _ document: NewDocument, limits: StoreLimits, width: Int?, _ db: Database
    ) throws -> (document: DocumentSummary, replaced: Int64?) {
        let replaced = try delete(document.id, db)
        // To add up all documents takes time in proportion to their number.
        if limits != .unlimited {
            let size = try size(db)
            try limits.check(documents: size.documents, bytes: size.bytes, adding: document.text.utf8.count)
        }
        let updated = Date().timeIntervalSince1970
        try db.execute(
            sql: """
                INSERT INTO document (id, text, characters, passages, updated, title, source, metadata)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                document.id.text, Data(document.text.utf8), document.text.unicodeScalars.count,
                document.passages.count, updated, document.title, document.source,
                JSONValue.object(document.metadata).serialized(),
            ])
        let summary = DocumentSummary(document, updated: updated, revision: db.lastInsertedRowID)
        try SQLiteFiles.index(document.metadata, revision: summary.revision, db)
        let numbers = try index(document, revision: summary.revision, db)
        if let vectors = document.vectors {
            try VectorBlocks.write(Array(zip(numbers, vectors)), width: width, db)
        }
        return (summary, replaced)
    }

    private static func size(_ db: Database) throws -> (documents: Int, bytes: Int) {
        let row = try Row.fetchOne(db, sql: "SELECT count(*), coalesce(sum(length(text)), 0) FROM document")
        return (row?[0] ?? 0, row?[1] ?? 0)
    }

    /// - Returns: the numbers of the passages, in their order.
    private static func index(_ document: NewDocument, revision: Int64, _ db: Database) throws -> [Int64] {
        let add = try db.makeStatement(
            sql: "INSERT INTO passage (revision, first, length, scalars, utf16) VALUES (?, ?, ?, ?, ?)")
        let words = try db.makeStatement(sql: "INSERT INTO passage_words (rowid, title, words) VALUES (?, ?, ?)")
        let text = document.text
        let title = document.title.map { SearchWords.indexed(Substring($0).unicodeScalars) }
        var end = (byte: 0, index: text.startIndex)
        var numbers: [Int64] = []
        for passage in document.passages {
            let first = text.utf8.index(end.index, offsetBy: passage.bytes.lowerBound - end.byte)
            end = (passage.bytes.upperBound, text.utf8.index(first, offsetBy: passage.bytes.count))
            try add.execute(
                arguments: [
                    revision, passage.bytes.lowerBound, passage.bytes.count, passage.scalarStart, passage.utf16Start,
                ])
            numbers.append(db.lastInsertedRowID)
            let indexed = SearchWords.indexed(text[first..<end.index].unicodeScalars)
            try words.execute(arguments: [db.lastInsertedRowID, title, indexed])
        }
        return numbers
    }
}
