import GRDB

extension DocumentStoreError {
    /// An error of the database at `path`.
    init(path: String?, error: any Error) {
        let name = path ?? "the database in memory"
        guard let code = (error as? DatabaseError)?.extendedResultCode else {
            self.init(.unavailable, "\(name): cannot be used for documents (\(error))")
            return
        }
        switch code.primaryResultCode {
        case .SQLITE_FULL: self = Self.diskFull(name)
        // In WAL mode a full disk shows where the index of the log is made as well.
        case .SQLITE_IOERR where code == .SQLITE_IOERR_SHMSIZE: self = Self.diskFull(name)
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(
                .corrupt, "\(name): is not a database of documents (\(error)); name another file, or move it away")
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(.unavailable, "\(name): cannot be opened for writing (\(error))")
        default: self.init(.failed, "\(name): SQLite failed (\(error))")
        }
    }
}
