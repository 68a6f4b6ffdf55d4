import Files
import StrictJSON

/// The JSON document in a file of a model directory.
func readJSON(_ path: String) throws(ModelError) -> JSONValue {
    let file: MappedFile
    do {
        file = try MappedFile(path: path)
    } catch {
        throw ModelError(path: path, kind: error.isMissing ? .missing : .unreadable, message: error.message)
    }
    defer { withExtendedLifetime(file) {} }
    do {
        return try JSONValue.parse(file.bytes)
    } catch {
        throw ModelError(path: path, kind: .invalid, message: "not valid JSON: \(error)")
    }
}
