import PostgreSQL

/// The tables of documents in a PostgreSQL database, all of whose names begin with `bertqa_`.
///
/// Texts are `bytea`, since PostgreSQL keeps no NUL in a text, and not compressed, so that a part of one can be read.
enum PostgresSchema {
    /// The version of the tables below.
    private static let version = 1
    /// Any number, the same in all programs that prepare these tables: one of them does so at a time.
    private static let lock = 7_091_318_039_617_225

    /// Makes the tables, or brings those of an earlier version up to date.
    ///
    /// - Throws: `PostgresError`, of the kind `contents` for tables of a later version; `DocumentStoreError` of the
    ///   kind `encoder` for vectors of another encoder.
    static func prepare(
        _ connection: PostgresConnection, name: String, language: SearchLanguage?, source: VectorSource?
    ) throws {
        try check(connection)
        try connection.execute("SELECT pg_advisory_xact_lock($1::bigint)", [.int(lock)])
        let rows = try connection.execute("SELECT to_regclass('bertqa_version') IS NOT NULL")
        let isThere = try rows.first?.text(0) == "t"
        let found = try isThere ? connection.execute("SELECT version FROM bertqa_version").first?.int(0) ?? 0 : 0
        guard found <= version else {
            throw PostgresError(
                .contents,
                "its tables were made by a later version of BertQA (\(found); this one knows \(version)); "
                    + "use that version, or another database")
        }
        if found < version {
            for statement in first { try connection.execute(statement) }
        }
        let settings = PostgresSettings(connection: connection)
        try settings.agree(on: language)
        if let source { try settings.agree(on: source, name: name) }
    }

    /// Texts are normalised by the server, which versions before 13 cannot, and none can but in UTF-8.
    private static func check(_ connection: PostgresConnection) throws(PostgresError) {
        let rows = try connection.execute(
            "SELECT current_setting('server_version_num')::integer, getdatabaseencoding()")
        guard let row = rows.first else { throw PostgresError(.failed, "SELECT returned nothing") }
        guard try row.int(0) >= 130_000 else {
            throw PostgresError(.refused, "PostgreSQL 13 or later is needed; this is \(try row.int(0) / 10_000)")
        }
        let encoding = try row.text(1)
        guard encoding == "UTF8" else {
            throw PostgresError(
                .refused, "its encoding is \(encoding); make one with createdb --encoding UTF8 --template template0")
        }
    }

    private static let first = [
        "CREATE TABLE bertqa_version (version integer NOT NULL)",
        "INSERT INTO bertqa_version VALUES (1)",
        "CREATE TABLE bertqa_setting (name text PRIMARY KEY, value text NOT NULL)",
        // One row. Whoever writes documents locks it first, so that writers wait for each other in one order.
        "CREATE TABLE bertqa_size (documents bigint NOT NULL, bytes bigint NOT NULL)",
        "INSERT INTO bertqa_size VALUES (0, 0)",
        """
        CREATE TABLE bertqa_document (
            revision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id text COLLATE "C" NOT NULL UNIQUE,
            text bytea NOT NULL,
            bytes bigint NOT NULL,
            characters bigint NOT NULL,
            passages integer NOT NULL,
            updated double precision NOT NULL,
            title text,
            source text,
            metadata json NOT NULL
        )
        """,
        "ALTER TABLE bertqa_document ALTER text SET STORAGE EXTERNAL",
        // As jsonb, members would come back in another order.
        """
        CREATE INDEX bertqa_document_metadata ON bertqa_document USING gin ((metadata::jsonb) jsonb_path_ops)
        """,
        """
        CREATE TABLE bertqa_passage (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            revision bigint NOT NULL REFERENCES bertqa_document ON DELETE CASCADE,
            first bigint NOT NULL,
            length integer NOT NULL,
            scalars bigint NOT NULL,
            utf16 bigint NOT NULL,
            words tsvector NOT NULL,
            word_count integer NOT NULL,
            vector bytea
        )
        """,
        "CREATE INDEX bertqa_passage_revision ON bertqa_passage (revision)",
        "CREATE INDEX bertqa_passage_words ON bertqa_passage USING gin (words)",
        """
        CREATE TABLE bertqa_collection (name text COLLATE "C" PRIMARY KEY, folder text NOT NULL)
        """,
        """
        CREATE TABLE bertqa_file (
            collection text COLLATE "C" NOT NULL REFERENCES bertqa_collection ON DELETE CASCADE,
            path text COLLATE "C" NOT NULL,
            revision bigint NOT NULL REFERENCES bertqa_document ON DELETE CASCADE,
            size bigint NOT NULL,
            modified bigint NOT NULL,
            digest text NOT NULL,
            PRIMARY KEY (collection, path)
        )
        """,
        "CREATE INDEX bertqa_file_revision ON bertqa_file (revision)",
    ]
}

/// The settings of a database in PostgreSQL.
private struct PostgresSettings: StoreSettings {
    let connection: PostgresConnection

    func setting(_ name: String) throws -> String? {
        try connection.execute("SELECT value FROM bertqa_setting WHERE name = $1", [.text(name)]).first?.text(0)
    }

    func set(_ name: String, _ value: String) throws {
        try connection.execute(
            """
            INSERT INTO bertqa_setting (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [.text(name), .text(value)])
    }

    func hasVectors() throws -> Bool {
        try !connection.execute("SELECT 1 FROM bertqa_passage WHERE vector IS NOT NULL LIMIT 1").isEmpty
    }

    /// Indexes all passages again where their words were indexed by the rules of another language.
    func agree(on language: SearchLanguage?) throws {
        let known = try setting(PostgresWords.setting)
        guard known == nil || language != nil else { return }
        let wanted = try rules(language ?? .english)
        guard known != wanted else { return }
        try set(PostgresWords.setting, wanted)
        if known != nil { try indexAgain() }
    }

    /// PostgreSQL's rules for a language, or those without stems where it has none.
    private func rules(_ language: SearchLanguage) throws -> String {
        let wanted = PostgresWords.rules(language)
        let found = try connection.execute(
            """
            SELECT 1 FROM pg_catalog.pg_ts_config
            WHERE cfgname = $1 AND cfgnamespace = 'pg_catalog'::regnamespace
            """, [.text(wanted)])
        return found.isEmpty ? PostgresWords.withoutStems : wanted
    }

    /// Searches find what was there until the transaction ends; whoever stores documents waits.
    private func indexAgain() throws {
        _ = try PostgresSize(locking: connection)
        var last: Int64 = 0
        while case let passages = try PostgresDocument.passages(after: last, limit: 2000, connection),
            let end = passages.last
        {
            try connection.execute(
                """
                UPDATE bertqa_passage SET words = \(PostgresWords.stems("made.words"))
                FROM unnest($1::bigint[], $2::text[]) AS made (number, words) WHERE id = number
                """,
                [
                    .ints(passages.map { Int($0.number) }),
                    .texts(passages.map { PostgresWords.indexed($0.text, title: $0.title) }),
                ])
            last = end.number
        }
    }
}
