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
    static func prepare(_ connection: PostgresConnection, name: String, source: VectorSource?) throws {
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
        if let source { try agree(on: source, name: name, connection) }
    }

    /// Keeps which encoder makes the vectors.
    private static func agree(on source: VectorSource, name: String, _ connection: PostgresConnection) throws {
        let wanted = "\(source.encoder) \(source.width)"
        let known = try connection.execute("SELECT value FROM bertqa_setting WHERE name = 'encoder'").first?.text(0)
        guard known != wanted else { return }
        let vectors = try connection.execute("SELECT 1 FROM bertqa_passage WHERE vector IS NOT NULL LIMIT 1")
        guard known == nil || vectors.isEmpty else {
            throw DocumentStoreError(
                .encoder, "\(name): its vectors were made by another encoder; name that one, or another database")
        }
        try connection.execute(
            """
            INSERT INTO bertqa_setting (name, value) VALUES ('encoder', $1)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [.text(wanted)])
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
