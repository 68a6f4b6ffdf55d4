import Files
import StrictJSON

/// Opens the files of a model directory.
package enum CheckpointFile {
    /// A file, mapped into memory.
    ///
    /// - Throws: `CheckpointError` of kind `.missing` or `.unreadable`, or `.invalid` for a Git LFS pointer.
    package static func map(_ path: String) throws(CheckpointError) -> MappedFile {
        do {
            return try MappedFile(path: path)
        } catch {
            throw CheckpointError(path: path, kind: CheckpointError.Kind(error.kind), message: error.message)
        }
    }

    /// The JSON document in a file.
    ///
    /// - Throws: What `map` throws; `CheckpointError` of kind `.invalid` for a file that is not valid JSON.
    package static func json(_ path: String) throws(CheckpointError) -> JSONValue {
        let file = try map(path)
        do {
            return try file.withBytes(JSONValue.parse)
        } catch {
            throw CheckpointError(path: path, kind: .invalid, message: "not valid JSON: \(error)")
        }
    }
}
