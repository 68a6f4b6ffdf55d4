import Foundation
import GRDB

/// What is known of a document without its text.
struct DocumentSummary: Sendable, Hashable {
    let id: DocumentID
    /// UTF-8 bytes of its text.
    let bytes: Int
    /// Unicode scalars of its text.
    let characters: Int
    /// The number of its passages.
    let passages: Int
    /// When it was stored, in seconds since 1970.
    let updated: Double
    /// A number that no other text of the store has.
    let revision: Int64
}

/// A passage that search has found.
struct FoundPassage: Sendable {
    let document: DocumentID
    let passage: Passage
    let text: String
}

/// Documents in SQLite, with a full-text index of their passages.
///
/// Every change is one transaction: a document is there with its index, or not at all.
struct DocumentStore: Sendable {
    private let database: any DatabaseWriter
    /// Nil for a database in memory.
    private let file: DatabaseFile?
    private let limits: ServerLimits

    /// Opens or makes the database.
    ///
    /// - Parameter path: its file; nil keeps it in memory.
    /// - Throws: `DocumentStoreError` of the kinds `unavailable` and `corrupt`.
    init(path: String?, limits: ServerLimits) throws(DocumentStoreError) {
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
            try Self.migrator.migrate(database)
        } catch {
            throw DocumentStoreError(path: path, error: error)
        }
    }

    /// Text is stored as a blob: SQLite's own functions end a text at its first NUL.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("documents") { db in
            try db.execute(
                sql: """
                    CREATE TABLE document (
                        revision INTEGER PRIMARY KEY AUTOINCREMENT,
                        id TEXT NOT NULL UNIQUE,
                        text BLOB NOT NULL,
                        characters INTEGER NOT NULL,
                        passages INTEGER NOT NULL,
                        updated REAL NOT NULL
                    );
                    CREATE TABLE passage (
                        id INTEGER PRIMARY KEY,
                        revision INTEGER NOT NULL REFERENCES document(revision) ON DELETE CASCADE,
                        first INTEGER NOT NULL,
                        length INTEGER NOT NULL,
                        scalars INTEGER NOT NULL,
                        utf16 INTEGER NOT NULL
                    );
                    CREATE INDEX passage_revision ON passage(revision);
                    CREATE VIRTUAL TABLE passage_words USING fts5(
                        words, tokenize = "porter unicode61 remove_diacritics 2"
                    );
                    """)
        }
        return migrator
    }

    // MARK: Documents

    /// Stores a text under an id, in the place of one that was there.
    ///
    /// - Parameter passages: those of the text (`Passage.split`).
    /// - Returns: what is stored, and the revision that it replaces.
    /// - Throws: `DocumentStoreError`, among others of the kinds `limit` and `diskFull`.
    func put(
        _ text: String, passages: [Passage], id: DocumentID
    ) async throws -> (document: DocumentSummary, replaced: Int64?) {
        let limits = limits
        return try await write { db in
            let replaced = try Self.delete(id, db)
            try Self.checkRoom(for: text.utf8.count, limits: limits, db)
            let updated = Date().timeIntervalSince1970
            let characters = text.unicodeScalars.count
            try db.execute(
                sql: "INSERT INTO document (id, text, characters, passages, updated) VALUES (?, ?, ?, ?, ?)",
                arguments: [id.text, Data(text.utf8), characters, passages.count, updated])
            let revision = db.lastInsertedRowID
            try Self.index(passages, of: text, revision: revision, db)
            let document = DocumentSummary(
                id: id, bytes: text.utf8.count, characters: characters, passages: passages.count, updated: updated,
                revision: revision)
            return (document, replaced)
        }
    }

    /// A document with its text; nil if there is none.
    func document(_ id: DocumentID) async throws -> (summary: DocumentSummary, text: String)? {
        try await read { db in
            let sql = "SELECT *, length(text) AS bytes FROM document WHERE id = ?"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [id.text]) else { return nil }
            let text: Data = row["text"]
            return (Self.summary(row), String(decoding: text, as: UTF8.self))
        }
    }

    /// What is known of a document without reading its text; nil if there is none.
    func summary(_ id: DocumentID) async throws -> DocumentSummary? {
        try await read { db in
            try Row.fetchOne(db, sql: Self.summaries + " WHERE id = ?", arguments: [id.text]).map(Self.summary)
        }
    }

    /// Documents in the order of their ids.
    ///
    /// - Parameter last: the id after which to go on.
    func list(after last: DocumentID?, limit: Int) async throws -> [DocumentSummary] {
        try await read { db in
            try Row.fetchAll(
                db, sql: Self.summaries + " WHERE id > ? ORDER BY id LIMIT ?", arguments: [last?.text ?? "", limit]
            ).map(Self.summary)
        }
    }

    /// - Returns: the revision that is deleted; nil if there was no such document.
    func delete(_ id: DocumentID) async throws -> Int64? {
        try await write { db in try Self.delete(id, db) }
    }

    /// The number of documents and the bytes of their texts.
    func size() async throws -> (documents: Int, bytes: Int) {
        try await read { db in try Self.size(db) }
    }

    // MARK: Search

    /// The passages of all documents that fit a question best by BM25, best first.
    func search(_ question: String, limit: Int) async throws -> [FoundPassage] {
        guard let query = SearchWords.query(question) else { return [] }
        return try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT document.id AS document, first, length, scalars, utf16,
                        substr(document.text, first + 1, length) AS text
                    FROM (
                        SELECT rowid, rank AS score FROM passage_words WHERE passage_words MATCH ?
                        ORDER BY rank, rowid LIMIT ?
                    ) AS found
                    JOIN passage ON passage.id = found.rowid
                    JOIN document ON document.revision = passage.revision
                    ORDER BY found.score, passage.id
                    """,
                arguments: [query, limit])
            return rows.map { row in
                let first: Int = row["first"]
                let length: Int = row["length"]
                let text: Data = row["text"]
                return FoundPassage(
                    document: DocumentID(stored: row["document"]),
                    passage: Passage(
                        bytes: first..<(first + length), scalarStart: row["scalars"], utf16Start: row["utf16"]),
                    text: String(decoding: text, as: UTF8.self))
            }
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

    private static let summaries =
        "SELECT revision, id, characters, passages, updated, length(text) AS bytes FROM document"

    private static func summary(_ row: Row) -> DocumentSummary {
        DocumentSummary(
            id: DocumentID(stored: row["id"]), bytes: row["bytes"], characters: row["characters"],
            passages: row["passages"], updated: row["updated"], revision: row["revision"])
    }

    private static func delete(_ id: DocumentID, _ db: Database) throws -> Int64? {
        guard
            let revision = try Int64.fetchOne(
                db, sql: "SELECT revision FROM document WHERE id = ?", arguments: [id.text])
        else { return nil }
        try db.execute(
            sql: "DELETE FROM passage_words WHERE rowid IN (SELECT id FROM passage WHERE revision = ?)",
            arguments: [revision])
        try db.execute(sql: "DELETE FROM document WHERE revision = ?", arguments: [revision])
        return revision
    }

    private static func checkRoom(for bytes: Int, limits: ServerLimits, _ db: Database) throws {
        let size = try size(db)
        guard size.documents < limits.documents else {
            throw DocumentStoreError(.limit, "there are \(size.documents) documents, which is the limit; delete some")
        }
        guard size.bytes + bytes <= limits.storedBytes else {
            throw DocumentStoreError(
                .limit,
                "the documents have \(size.bytes) bytes; this text of \(bytes) would exceed the limit of "
                    + "\(limits.storedBytes); delete some")
        }
    }

    private static func size(_ db: Database) throws -> (documents: Int, bytes: Int) {
        let row = try Row.fetchOne(db, sql: "SELECT count(*), coalesce(sum(length(text)), 0) FROM document")
        return (row?[0] ?? 0, row?[1] ?? 0)
    }

    private static func index(_ passages: [Passage], of text: String, revision: Int64, _ db: Database) throws {
        let add = try db.makeStatement(
            sql: "INSERT INTO passage (revision, first, length, scalars, utf16) VALUES (?, ?, ?, ?, ?)")
        let words = try db.makeStatement(sql: "INSERT INTO passage_words (rowid, words) VALUES (?, ?)")
        var end = (byte: 0, index: text.startIndex)
        for passage in passages {
            let first = text.utf8.index(end.index, offsetBy: passage.bytes.lowerBound - end.byte)
            end = (passage.bytes.upperBound, text.utf8.index(first, offsetBy: passage.bytes.count))
            try add.execute(
                arguments: [
                    revision, passage.bytes.lowerBound, passage.bytes.count, passage.scalarStart, passage.utf16Start,
                ])
            let indexed = SearchWords.indexed(text[first..<end.index].unicodeScalars)
            try words.execute(arguments: [db.lastInsertedRowID, indexed])
        }
    }
}
