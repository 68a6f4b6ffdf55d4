import Files
import StrictJSON

/// A file of one JSON object whose keys are questions' ids, as predictions and probabilities are stored.
enum QuestionFile {
    /// Reads one.
    ///
    /// - Parameter content: the message for a file that is something else.
    /// - Throws: `DatasetError` for a file that cannot be read or is no object.
    static func read(_ path: String, content: String) throws(DatasetError) -> JSONObject {
        let value: JSONValue
        do {
            value = try map(path).withBytes(JSONValue.parse)
        } catch let error as DatasetError {
            throw error
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
        guard let object = value.object else { throw DatasetError(path: path, message: content) }
        return object
    }

    /// Maps one.
    ///
    /// - Throws: `DatasetError` for a file that cannot be read.
    static func map(_ path: String) throws(DatasetError) -> MappedFile {
        do {
            return try MappedFile(path: path)
        } catch {
            throw DatasetError(path: path, message: error.message, isMissing: error.isMissing)
        }
    }

    /// Writes one that appears whole or not at all.
    ///
    /// - Throws: `DatasetError` with the system's reason.
    static func write(_ object: JSONObject, to path: String, sortedKeys: Bool = false) throws(DatasetError) {
        let text = JSONValue.object(object).serialized(pretty: true, sortedKeys: sortedKeys)
        do {
            try DurableFiles.write(text + "\n", to: path)
        } catch {
            throw DatasetError(path: path, message: error.whileWriting(path).message)
        }
    }
}
