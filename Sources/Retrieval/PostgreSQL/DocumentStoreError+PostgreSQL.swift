import PostgreSQL

extension DocumentStoreError {
    /// An error of the database `name`.
    init(name: String, error: PostgresError) {
        switch error.kind {
        case .library, .url: self.init(.unavailable, error.description)
        case .connection: self.init(.unreachable, "\(name): cannot be reached (\(error)); try again")
        case .tooSlow, .conflict: self.init(.unreachable, "\(name): is too busy (\(error)); nothing was changed")
        case .refused: self.init(.unavailable, "\(name): cannot be used for documents (\(error))")
        case .diskFull: self = Self.diskFull(name)
        case .contents: self.init(.corrupt, "\(name): is not a database of documents (\(error))")
        case .failed: self.init(.failed, "\(name): PostgreSQL failed (\(error))")
        }
    }
}
