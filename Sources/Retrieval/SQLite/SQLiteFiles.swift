import GRDB
import StrictJSON

/// The files of a collection in SQLite, and metadata as filters look for them.
struct SQLiteFiles: FileTables {
    let collection: String
    let limits: StoreLimits
    /// The numbers of a vector; nil where there are none.
    let width: Int?
    let db: Database

    static let tables = """
        CREATE TABLE document_metadata (
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            revision INTEGER NOT NULL REFERENCES document(revision) ON DELETE CASCADE,
            PRIMARY KEY (name, value, revision)
        ) WITHOUT ROWID;
        CREATE INDEX document_metadata_revision ON document_metadata(revision);
        CREATE TABLE collection (name TEXT PRIMARY KEY, folder TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE file (
            collection TEXT NOT NULL REFERENCES collection(name) ON DELETE CASCADE,
            path TEXT NOT NULL,
            revision INTEGER NOT NULL REFERENCES document(revision) ON DELETE CASCADE,
            size INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (collection, path)
        ) WITHOUT ROWID;
        CREATE INDEX file_revision ON file(revision);
        """

    static func collection(_ name: String, _ db: Database) throws -> FileCollection? {
        guard
            let folder = try String.fetchOne(
                db, sql: "SELECT folder FROM collection WHERE name = ?", arguments: [name])
        else { return nil }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT path, id, size, modified, digest
                FROM file JOIN document ON document.revision = file.revision WHERE collection = ?
                """, arguments: [name])
        var files: [ExactString: FileRecord] = [:]
        while let row = try rows.next() {
            let path: String = row["path"]
            files[ExactString(path)] = FileRecord(
                path: path, document: DocumentID(stored: row["id"]), size: row["size"], modified: row["modified"],
                digest: row["digest"])
        }
        return FileCollection(folder: folder, files: files)
    }

    /// Makes the collection, or says where its folder is now.
    func open(folder: String) throws {
        try db.execute(
            sql: """
                INSERT INTO collection (name, folder) VALUES (?, ?)
                ON CONFLICT (name) DO UPDATE SET folder = excluded.folder
                """, arguments: [collection, folder])
    }

    func isFree(_ id: DocumentID) throws -> Bool {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT collection FROM document LEFT JOIN file ON file.revision = document.revision WHERE id = ?
                """, arguments: [id.text])
        guard let row else { return true }
        let owner: String? = row["collection"]
        return owner == collection
    }

    func document(of path: String) throws -> DocumentID? {
        try String.fetchOne(
            db,
            sql: """
                SELECT id FROM document JOIN file ON file.revision = document.revision
                WHERE collection = ? AND path = ?
                """, arguments: [collection, path]
        ).map { DocumentID(stored: $0) }
    }

    func put(_ document: NewDocument) throws -> Int64 {
        try SQLiteStore.put(document, limits: limits, width: width, db).document.revision
    }

    func delete(_ id: DocumentID) throws { _ = try SQLiteStore.delete(id, db) }

    func insert(_ record: FileRecord, revision: Int64) throws {
        try db.execute(
            sql: "INSERT INTO file (collection, path, revision, size, modified, digest) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [collection, record.path, revision, record.size, record.modified, record.digest])
    }

    func update(_ record: FileRecord) throws {
        try db.execute(
            sql: "UPDATE file SET size = ?, modified = ?, digest = ? WHERE collection = ? AND path = ?",
            arguments: [record.size, record.modified, record.digest, collection, record.path])
    }

    /// Makes the metadata of a document known to filters.
    static func index(_ metadata: JSONObject, revision: Int64, _ db: Database) throws {
        for (name, value) in metadata {
            try db.execute(
                sql: "INSERT INTO document_metadata (name, value, revision) VALUES (?, ?, ?)",
                arguments: [name, DocumentFilter.canonical(value), revision])
        }
    }
}

extension DocumentFilter {
    /// The condition for a column with revisions, and its arguments.
    func sqliteCondition(_ column: String) -> (sql: String, arguments: StatementArguments) {
        var arguments = StatementArguments()
        var all = ["1"]
        for condition in conditions {
            let places = Array(repeating: "?", count: condition.values.count).joined(separator: ", ")
            all.append(
                "\(column) IN (SELECT revision FROM document_metadata WHERE name = ? AND value IN (\(places)))")
            arguments += [condition.name]
            arguments += StatementArguments(condition.values.map(Self.canonical))
        }
        return (all.joined(separator: " AND "), arguments)
    }
}
