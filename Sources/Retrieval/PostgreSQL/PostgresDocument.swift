import Foundation
import PostgreSQL
import StrictJSON

/// How many documents there are, and the bytes of their texts: read at the beginning of a transaction that changes
/// documents, which lets no other such transaction in until it ends, and written at its end.
struct PostgresSize {
    private(set) var documents: Int
    private(set) var bytes: Int

    init(locking connection: PostgresConnection) throws(PostgresError) {
        guard let row = try connection.execute("SELECT documents, bytes FROM bertqa_size FOR UPDATE").first else {
            throw PostgresError(.contents, "the table bertqa_size is empty")
        }
        (documents, bytes) = (try row.int(0), try row.int(1))
    }

    mutating func add(bytes: Int) { (documents, self.bytes) = (documents + 1, self.bytes + bytes) }

    mutating func remove(bytes: Int) { (documents, self.bytes) = (documents - 1, self.bytes - bytes) }

    func write(_ connection: PostgresConnection) throws(PostgresError) {
        try connection.execute("UPDATE bertqa_size SET documents = $1, bytes = $2", [.int(documents), .int(bytes)])
    }
}

/// Documents and passages as rows.
enum PostgresDocument {
    static let summaryColumns =
        "revision, id, bytes, characters, passages, updated, title, source, metadata"

    static func summary(_ row: PostgresRow) throws -> DocumentSummary {
        let metadata = try JSONValue.parse(Array(try row.text(8).utf8)).object ?? JSONObject([])
        return DocumentSummary(
            id: DocumentID(stored: try row.text(1)), bytes: try row.int(2), characters: try row.int(3),
            passages: try row.int(4), updated: try row.double(5), revision: Int64(try row.int(0)),
            title: row.optionalText(6), source: row.optionalText(7),
            metadata: metadata)
    }

    /// Of the tables `passage` and `document`.
    static let passageColumns = """
        passage.id, document.id, title, first, length, scalars, utf16,
            substring(document.text FROM first::integer + 1 FOR length), passage.revision
        """

    static func passage(_ row: PostgresRow) throws(PostgresError) -> StoredPassage {
        let (first, length) = (try row.int(3), try row.int(4))
        return StoredPassage(
            number: Int64(try row.int(0)), document: DocumentID(stored: try row.text(1)),
            revision: Int64(try row.int(8)), title: row.optionalText(2),
            passage: Passage(
                bytes: first..<(first + length), scalarStart: try row.int(5), utf16Start: try row.int(6)),
            text: String(decoding: try row.bytes(7), as: UTF8.self))
    }

    /// Passages in the order of their numbers, from the one behind `last` on.
    static func passages(
        after last: Int64, limit: Int, where condition: String = "true", _ connection: PostgresConnection
    ) throws(PostgresError) -> [StoredPassage] {
        let rows = try connection.execute(
            """
            SELECT \(passageColumns) FROM bertqa_passage AS passage
            JOIN bertqa_document AS document ON document.revision = passage.revision
            WHERE passage.id > $1 AND \(condition) ORDER BY passage.id LIMIT $2
            """, [.int(Int(last)), .int(limit)])
        return try rows.map(passage)
    }

    static func put(
        _ document: NewDocument, _ size: inout PostgresSize, _ limits: StoreLimits, _ connection: PostgresConnection
    ) throws -> (document: DocumentSummary, replaced: Int64?) {
        let replaced = try delete(document.id, &size, connection)
        let bytes = document.text.utf8.count
        try limits.check(documents: size.documents, bytes: size.bytes, adding: bytes)
        let updated = Date().timeIntervalSince1970
        let rows = try connection.execute(
            """
            INSERT INTO bertqa_document (id, text, bytes, characters, passages, updated, title, source, metadata)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::json) RETURNING revision
            """,
            [
                .text(document.id.text), .bytes(Array(document.text.utf8)), .int(bytes),
                .int(document.text.unicodeScalars.count), .int(document.passages.count), .double(updated),
                document.title.map { .text($0) } ?? .null, document.source.map { .text($0) } ?? .null,
                .text(JSONValue.object(document.metadata).serialized()),
            ])
        guard let revision = try rows.first?.int(0) else { throw PostgresError(.failed, "INSERT returned nothing") }
        size.add(bytes: bytes)
        try index(document, revision: revision, connection)
        return (DocumentSummary(document, updated: updated, revision: Int64(revision)), replaced)
    }

    static func delete(
        _ id: DocumentID, _ size: inout PostgresSize, _ connection: PostgresConnection
    ) throws(PostgresError) -> Int64? {
        let rows = try connection.execute(
            "DELETE FROM bertqa_document WHERE id = $1 RETURNING revision, bytes", [.text(id.text)])
        guard let row = rows.first else { return nil }
        size.remove(bytes: try row.int(1))
        return Int64(try row.int(0))
    }

    /// Passages that go to the server in one statement.
    private static let passagesAtOnce = 2000

    private static func index(
        _ document: NewDocument, revision: Int, _ connection: PostgresConnection
    ) throws(PostgresError) {
        let texts = document.passageTexts
        for start in stride(from: 0, to: document.passages.count, by: passagesAtOnce) {
            let range = start..<min(start + passagesAtOnce, document.passages.count)
            let passages = document.passages[range]
            let words = texts[range].map { PostgresWords.indexed($0, title: document.title) }
            try connection.execute(
                """
                INSERT INTO bertqa_passage (revision, first, length, scalars, utf16, words, word_count, vector)
                SELECT $1::bigint, first, length, scalars, utf16, \(PostgresWords.stems("words")), word_count,
                    CASE WHEN vector = '' THEN NULL ELSE decode(vector, 'hex') END
                FROM unnest(
                    $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::integer[], $8::text[]
                ) AS passage (first, length, scalars, utf16, words, word_count, vector)
                """,
                [
                    .int(revision), .ints(passages.map(\.bytes.lowerBound)), .ints(passages.map(\.bytes.count)),
                    .ints(passages.map(\.scalarStart)), .ints(passages.map(\.utf16Start)), .texts(words),
                    .ints(words.map { $0.split(separator: " ").count }),
                    .texts(range.map { index in document.vectors.map { PostgresVector.digits($0[index]) } ?? "" }),
                ])
        }
    }
}
