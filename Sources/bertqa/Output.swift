import Files
import Foundation

/// Writes lines to standard output, and fails where `print` would lose them (a full disk, a closed pipe).
func writeOutput(_ text: String) throws(FileError) {
    try StandardOutput.write(text + "\n")
}

/// Writes a file that appears whole or not at all.
func writeFile(_ contents: Data, to path: String) throws(FileError) {
    do {
        try DurableFiles.write(contents, to: path)
    } catch {
        throw error.whileWriting(path)
    }
}
