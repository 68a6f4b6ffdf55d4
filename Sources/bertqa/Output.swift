import Foundation
import StrictJSON

/// Writes lines to standard output, and fails where `print` would lose them (a full disk, a closed pipe).
func writeOutput(_ text: String) throws(FileError) {
    do {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
        throw FileError(path: "standard output", code: EIO, message: "\(error.localizedDescription)")
    }
}

/// Writes a file beside its place and renames it.
func writeFile(_ text: String, to path: String) throws(FileError) {
    try writeFile(Data(text.utf8), to: path)
}

/// Writes a file beside its place and renames it.
func writeFile(_ contents: Data, to path: String) throws(FileError) {
    do {
        try contents.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
        throw FileError(path: path, message: "cannot be written: \(error.localizedDescription)")
    }
}
