import Files
import Foundation

/// Where a text comes from.
enum ContextSource {
    case file(String)
    case standardInput

    /// Reads the text, which must be UTF-8.
    func read() throws(FileError) -> String {
        let name: String
        let bytes: Data
        switch self {
        case .standardInput:
            name = "standard input"
            do {
                bytes = try FileHandle.standardInput.readToEnd() ?? Data()
            } catch {
                throw FileError(path: name, message: FileError.reason(error))
            }
        case .file(let path):
            name = path
            bytes = try MappedFile(path: path).withBytes { Data($0) }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(path: name, message: "the text is not UTF-8; convert it, for example with iconv")
        }
        return text
    }
}
