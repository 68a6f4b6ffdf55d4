/// Why documents could not be stored or read.
public struct DocumentStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Kind: Sendable, Hashable {
        /// The database cannot be opened or created here.
        case unavailable
        /// The file is not a database of documents.
        case corrupt
        /// The vectors of the database were made by another encoder.
        case encoder
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
        /// There is no connection to the database, or it is too busy; later there may be one.
        case unreachable
        /// The database failed.
        case failed
    }

    /// What is wrong.
    public let kind: Kind
    /// One line for the user, naming the file if there is one.
    public let description: String

    /// An error with a line for the user.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// The disk of the database `name` is full.
    package static func diskFull(_ name: String) -> DocumentStoreError {
        DocumentStoreError(.diskFull, "\(name): the disk is full; nothing was changed")
    }

    /// The file at `path` was removed or replaced.
    package static func removed(_ path: String) -> DocumentStoreError {
        DocumentStoreError(
            .removed,
            "\(path): was removed or replaced while the server was running; restart the server, or put the file back "
                + "first")
    }

    /// Whether the reason would not keep a server from running without stored documents.
    public var isAboutPlace: Bool { kind == .unavailable || kind == .diskFull }

    /// Whether the server's operator should know.
    package var isServersFault: Bool {
        switch kind {
        case .id, .limit, .disabled: false
        case .unavailable, .corrupt, .encoder, .diskFull, .removed, .unreachable, .failed: true
        }
    }
}
