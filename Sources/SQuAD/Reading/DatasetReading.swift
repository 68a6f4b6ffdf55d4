/// A dataset file that cannot be used at all.
public struct DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file as the caller named it.
    public let path: String
    /// What is wrong, where, and what to do.
    public let message: String
    /// Whether the file is not there (rather than wrong).
    public let isMissing: Bool

    /// An error in a file.
    public init(path: String, message: String, isMissing: Bool = false) {
        self.path = path
        self.message = message
        self.isMissing = isMissing
    }

    /// A file that is a dataset without questions.
    public static func withoutQuestions(_ path: String) -> DatasetError {
        DatasetError(path: path, message: "the file has no questions")
    }

    /// One line for the user.
    public var description: String { "\(path): \(message)" }
}

extension Dataset {
    /// Reads a dataset's file, of which only the questions are kept in memory: SQuAD's nested document, paragraphs or
    /// rows as JSON, a table as CSV or in one of pandas' orientations, as it is or compressed with gzip.
    ///
    /// Rows that follow one another and have the same context are a paragraph, paragraphs with the same title an
    /// article. A question without an id is called by its number, and an answer without an offset gets -1. What is
    /// wrong with single questions is not an error here: `problems()` lists it.
    ///
    /// - Parameter path: of a file or a named pipe; `-` is standard input.
    /// - Throws: `DatasetError` for a file that cannot be read, has no such format, lacks a field or has no questions,
    ///   with its line.
    public init(path: String) throws(DatasetError) {
        let file = try DatasetFile.map(path)
        self = try file.withBytes { bytes throws(DatasetError) in
            try Dataset(path: DatasetFile.name(path), bytes: bytes)
        }
    }

    /// Reads a dataset that is already in memory, in any format that files have; `path` is what messages call it.
    public init(contents: [UInt8], path: String) throws(DatasetError) {
        self = try contents.withUnsafeBufferPointer { buffer throws(DatasetError) in
            try Dataset(path: path, bytes: UnsafeRawBufferPointer(buffer))
        }
    }

    private init(path: String, bytes: UnsafeRawBufferPointer) throws(DatasetError) {
        var walk = try DatasetWalk(path: path, bytes: bytes)
        self = try walk.dataset()
        guard questionCount > 0 else { throw DatasetError.withoutQuestions(path) }
    }
}
