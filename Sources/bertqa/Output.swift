import Files
import Foundation

/// Writes lines to standard output, and fails where `print` would lose them (a full disk, a closed pipe).
func writeOutput(_ text: String) throws(FileError) {
    do {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
        throw FileError(path: "standard output", code: EIO, message: "\(error.localizedDescription)")
    }
}

/// Writes a file that appears whole or not at all.
func writeFile(_ contents: Data, to path: String) throws(FileError) {
    do {
        try DurableFiles.write(contents, to: path)
    } catch {
        throw error.whileWriting(path)
    }
}
