import GRDB

/// What keeps documents from being stored or read.
public struct DocumentStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Kind: Sendable, Hashable {
        /// The database cannot be opened or made here.
        case unavailable
        /// The file is not a database of documents.
        case corrupt
        /// An id breaks the rules.
        case id
        /// The limit of documents or of their bytes is reached.
        case limit
        /// The disk has no room.
        case diskFull
        /// The file was removed or replaced while it was open.
        case removed
        /// This server stores no documents.
        case disabled
        /// SQLite failed.
        case failed
    }

    /// What is wrong.
    public let kind: Kind
    /// One line for the user, naming the file where there is one.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

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

    private static func diskFull(_ name: String) -> DocumentStoreError {
        DocumentStoreError(.diskFull, "\(name): the disk is full; nothing was changed")
    }

    static func removed(_ path: String) -> DocumentStoreError {
        DocumentStoreError(
            .removed,
            "\(path): was removed or replaced while the server runs; restart the server, or put the file back first")
    }

    /// Whether documents cannot be stored here for a reason that a server without documents does not mind.
    public var isAboutPlace: Bool { kind == .unavailable || kind == .diskFull }

    /// Whether somebody who runs the server should know.
    var isServersFault: Bool {
        switch kind {
        case .id, .limit, .disabled: false
        case .unavailable, .corrupt, .diskFull, .removed, .failed: true
        }
    }
}
