import StrictJSON

/// What a store knows of a file that one of its documents was read from.
package struct FileRecord: Sendable, Hashable {
    /// The file's place below its folder, with `/` between the names.
    package let path: String
    /// The document.
    package let document: DocumentID
    /// The file's size in bytes.
    package let size: Int
    /// When its contents had changed last, in nanoseconds since 1970; 0 if that says nothing.
    package let modified: Int
    /// What its contents are known again by.
    package let digest: String

    /// A record.
    package init(path: String, document: DocumentID, size: Int, modified: Int, digest: String) {
        (self.path, self.document, self.size) = (path, document, size)
        (self.modified, self.digest) = (modified, digest)
    }
}

/// A folder whose files are documents.
package struct FileCollection: Sendable {
    /// The folder that the files were read from last.
    package let folder: String
    /// The files whose documents are stored, by path.
    package let files: [ExactString: FileRecord]

    /// A collection that a store has read.
    package init(folder: String, files: [ExactString: FileRecord]) {
        (self.folder, self.files) = (folder, files)
    }
}

/// A change of a collection.
package enum FileChange: Sendable {
    /// A file has this text now; the document takes the place of that of the record's path.
    case store(NewDocument, FileRecord)
    /// A file was touched, and has the text that it had.
    case keep(FileRecord)
    /// A file is gone, with its document.
    case remove(path: String)
}

/// The tables of a collection in a transaction that changes them.
protocol FileTables {
    /// The collection's name.
    var collection: String { get }

    /// Whether no document has an id, or one of this collection.
    func isFree(_ id: DocumentID) throws -> Bool

    /// The document of a file.
    func document(of path: String) throws -> DocumentID?

    /// Stores a document, in the place of one with its id.
    ///
    /// - Returns: its revision.
    mutating func put(_ document: NewDocument) throws -> Int64

    /// Deletes a document, and with it what is known of its file.
    mutating func delete(_ id: DocumentID) throws

    /// Keeps what is known of a file whose document is new.
    func insert(_ record: FileRecord, revision: Int64) throws

    /// Keeps what is known of a file whose document stays.
    func update(_ record: FileRecord) throws
}

extension FileTables {
    /// - Returns: paths of files that were not stored; see `DocumentStore.apply`.
    mutating func apply(_ changes: [FileChange]) throws -> [String] {
        var refused: [String] = []
        for change in changes {
            switch change {
            case .keep(let record): try update(record)
            case .remove(let path): try remove(path)
            case .store(let document, let record):
                guard try isFree(document.id) else {
                    refused.append(record.path)
                    continue
                }
                try remove(record.path)
                try insert(record, revision: try put(document))
            }
        }
        return refused
    }

    private mutating func remove(_ path: String) throws {
        if let id = try document(of: path) { try delete(id) }
    }
}
