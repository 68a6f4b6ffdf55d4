import PostgreSQL

/// The files of one collection.
struct PostgresFiles {
    let collection: String
    let limits: StoreLimits

    /// - Returns: paths of files that were not stored; see `DocumentStore.apply`.
    func apply(_ changes: [FileChange], folder: String, _ connection: PostgresConnection) throws -> [String] {
        var size = try PostgresSize(locking: connection)
        try connection.execute(
            """
            INSERT INTO bertqa_collection (name, folder) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET folder = excluded.folder
            """, [.text(collection), .text(folder)])
        var refused: [String] = []
        for change in changes {
            switch change {
            case .keep(let record):
                try connection.execute(
                    "UPDATE bertqa_file SET size = $3, modified = $4, digest = $5 WHERE collection = $1 AND path = $2",
                    [.text(collection), .text(record.path)] + Self.state(record))
            case .remove(let path): try remove(path, &size, connection)
            case .store(let document, let record):
                guard try isFree(document.id, connection) else {
                    refused.append(record.path)
                    continue
                }
                try store(document, record, &size, connection)
            }
        }
        try size.write(connection)
        return refused
    }

    private static func state(_ record: FileRecord) -> [PostgresValue] {
        [.int(record.size), .int(record.modified), .text(record.digest)]
    }

    /// Whether no document has an id, or one of this collection.
    private func isFree(_ id: DocumentID, _ connection: PostgresConnection) throws(PostgresError) -> Bool {
        let rows = try connection.execute(
            """
            SELECT collection FROM bertqa_document LEFT JOIN bertqa_file USING (revision) WHERE id = $1
            """, [.text(id.text)])
        guard let row = rows.first else { return true }
        return row.optionalText(0) == collection
    }

    private func remove(
        _ path: String, _ size: inout PostgresSize, _ connection: PostgresConnection
    ) throws(PostgresError) {
        let rows = try connection.execute(
            """
            SELECT id FROM bertqa_document JOIN bertqa_file USING (revision) WHERE collection = $1 AND path = $2
            """, [.text(collection), .text(path)])
        guard let row = rows.first else { return }
        _ = try PostgresDocument.delete(DocumentID(stored: try row.text(0)), &size, connection)
    }

    private func store(
        _ document: NewDocument, _ record: FileRecord, _ size: inout PostgresSize, _ connection: PostgresConnection
    ) throws {
        try remove(record.path, &size, connection)
        let stored = try PostgresDocument.put(document, &size, limits, connection).document
        try connection.execute(
            """
            INSERT INTO bertqa_file (collection, path, revision, size, modified, digest)
            VALUES ($1, $2, $3, $4, $5, $6)
            """, [.text(collection), .text(record.path), .int(Int(stored.revision))] + Self.state(record))
    }
}
