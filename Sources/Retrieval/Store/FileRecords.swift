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
