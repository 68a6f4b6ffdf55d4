import PostgreSQL

/// The files of one collection.
struct PostgresFiles: FileTables {
    let collection: String
    let limits: StoreLimits
    let connection: PostgresConnection
    private var size: PostgresSize

    /// Makes the collection, or says where its folder is now.
    init(
        _ collection: String, folder: String, limits: StoreLimits, _ connection: PostgresConnection
    ) throws(PostgresError) {
        (self.collection, self.limits, self.connection) = (collection, limits, connection)
        size = try PostgresSize(locking: connection)
        try connection.execute(
            """
            INSERT INTO bertqa_collection (name, folder) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET folder = excluded.folder
            """, [.text(collection), .text(folder)])
    }

    /// Keeps how many documents there are; called at the end.
    func finish() throws(PostgresError) { try size.write(connection) }

    func isFree(_ id: DocumentID) throws -> Bool {
        let rows = try connection.execute(
            "SELECT collection FROM bertqa_document LEFT JOIN bertqa_file USING (revision) WHERE id = $1",
            [.text(id.text)])
        guard let row = rows.first else { return true }
        return row.optionalText(0) == collection
    }

    func document(of path: String) throws -> DocumentID? {
        try connection.execute(
            """
            SELECT id FROM bertqa_document JOIN bertqa_file USING (revision) WHERE collection = $1 AND path = $2
            """, [.text(collection), .text(path)]
        ).first.map { DocumentID(stored: try $0.text(0)) }
    }

    mutating func put(_ document: NewDocument) throws -> Int64 {
        try PostgresDocument.put(document, &size, limits, connection).document.revision
    }

    mutating func delete(_ id: DocumentID) throws { _ = try PostgresDocument.delete(id, &size, connection) }

    func insert(_ record: FileRecord, revision: Int64) throws {
        try connection.execute(
            """
            INSERT INTO bertqa_file (collection, path, size, modified, digest, revision) VALUES ($1, $2, $3, $4, $5, $6)
            """, values(record) + [.int(Int(revision))])
    }

    func update(_ record: FileRecord) throws {
        try connection.execute(
            "UPDATE bertqa_file SET size = $3, modified = $4, digest = $5 WHERE collection = $1 AND path = $2",
            values(record))
    }

    private func values(_ record: FileRecord) -> [PostgresValue] {
        [
            .text(collection), .text(record.path), .int(record.size), .int(record.modified), .text(record.digest),
        ]
    }
}
