import Foundation
import GRDB

/// The tables of a database of documents, and how those of earlier versions become the present ones.
///
/// Texts are stored as blobs: SQLite's own functions end a text at its first NUL.
enum Schema {
    /// - Throws: `DocumentStoreError` of the kind `corrupt` for another program's database or that of a later version,
    ///   and of the kind `encoder` for another encoder's vectors; what SQLite throws.
    static func prepare(
        _ database: any DatabaseWriter, name: String, language: SearchLanguage?, source: VectorSource?
    ) throws {
        let migrator = migrator
        try database.read { db in
            if try migrator.hasBeenSuperseded(db) {
                throw DocumentStoreError(
                    .corrupt,
                    "\(name): was written by a later version of BertQA; use that version, or name another file")
            }
            let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
            if !tables.isEmpty, !tables.contains("grdb_migrations") {
                throw DocumentStoreError(
                    .corrupt,
                    "\(name): is another program's database (it has a table \(tables[0])); name another file")
            }
        }
        try migrator.migrate(database)
        if let language { try database.write { db in try agree(on: language, db) } }
        if let source { try database.write { db in try SQLiteSettings(db: db).agree(on: source, name: name) } }
    }

    /// Indexes all passages again if their words were indexed by the rules of another language.
    private static func agree(on language: SearchLanguage, _ db: Database) throws {
        let settings = SQLiteSettings(db: db)
        let known = try settings.setting("language") ?? SearchLanguage.english.rawValue
        guard known != language.rawValue else { return }
        try settings.set("language", language.rawValue)
        // SQLite stems only English: for all other languages the index is the same.
        if known == SearchLanguage.english.rawValue || language == .english { try indexAgain(language, db) }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("documents") { db in try db.execute(sql: first) }
        migrator.registerMigration("retrieval") { db in
            try db.execute(sql: second)
            try indexAgain(.english, db)
        }
        migrator.registerMigration("folders") { db in try db.execute(sql: SQLiteFiles.tables) }
        return migrator
    }

    /// As version 0.1.0 made it.
    private static let first = """
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
        """

    /// Titles, sources, metadata, vectors.
    private static let second = """
        ALTER TABLE document ADD COLUMN title TEXT;
        ALTER TABLE document ADD COLUMN source TEXT;
        ALTER TABLE document ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
        CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        ALTER TABLE passage ADD COLUMN vector INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE vector_block (id INTEGER PRIMARY KEY, vectors BLOB NOT NULL);
        """

    private static func indexAgain(_ language: SearchLanguage, _ db: Database) throws {
        let stemmer = language == .english ? "porter " : ""
        try db.execute(
            sql: """
                DROP TABLE passage_words;
                CREATE VIRTUAL TABLE passage_words USING fts5(
                    title, words, tokenize = "\(stemmer)unicode61 remove_diacritics 2"
                );
                """)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT passage.id, document.title, substr(document.text, first + 1, length) AS text
                FROM passage JOIN document ON document.revision = passage.revision
                """)
        let add = try db.makeStatement(sql: "INSERT INTO passage_words (rowid, title, words) VALUES (?, ?, ?)")
        while let row = try rows.next() {
            let text: Data = row["text"]
            let words = SearchWords.indexed(Substring(String(decoding: text, as: UTF8.self)).unicodeScalars)
            try add.execute(arguments: [row["id"] as Int64, row["title"] as String?, words])
        }
    }
}

/// The settings of a database in SQLite.
private struct SQLiteSettings: StoreSettings {
    let db: Database

    func setting(_ name: String) throws -> String? {
        try String.fetchOne(db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
    }

    func set(_ name: String, _ value: String) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", arguments: [name, value])
    }

    func hasVectors() throws -> Bool {
        try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM vector_block)") == true
    }
}
