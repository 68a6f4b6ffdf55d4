import StrictJSON

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
    /// Reads a SQuAD file, of which only the questions are kept in memory.
    ///
    /// What is wrong with single questions is not an error here: `problems()` lists it.
    ///
    /// - Throws: `DatasetError` for a file that cannot be read, is not JSON, has another shape, lacks a field or has no
    ///   questions, with line and column.
    public init(path: String) throws(DatasetError) {
        let file = try Dataset.map(path)
        var parser = DatasetParser(path: path, reader: JSONReader(file.bytes))
        self = try parser.dataset()
        withExtendedLifetime(file) {}
        guard questionCount > 0 else { throw DatasetError.withoutQuestions(path) }
    }

    /// Maps a dataset's file into memory.
    static func map(_ path: String) throws(DatasetError) -> MappedFile {
        do {
            return try MappedFile(path: path)
        } catch {
            throw DatasetError(path: path, message: error.message, isMissing: error.isMissing)
        }
    }

    /// Reads a SQuAD document that is already in memory; `path` is what messages call it.
    public init(json: [UInt8], path: String) throws(DatasetError) {
        var result: Result<Dataset, DatasetError> = .success(Dataset(articles: []))
        json.withUnsafeBytes { bytes in
            var parser = DatasetParser(path: path, reader: JSONReader(bytes))
            do throws(DatasetError) {
                result = .success(try parser.dataset())
            } catch {
                result = .failure(error)
            }
        }
        self = try result.get()
        guard questionCount > 0 else { throw DatasetError.withoutQuestions(path) }
    }
}
