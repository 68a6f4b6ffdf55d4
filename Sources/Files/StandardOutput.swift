import Foundation

/// This process's standard output.
package enum StandardOutput {
    /// Writes a text as it is.
    ///
    /// - Throws: `FileError` with the system's words where a reader has gone, a disk is full or nothing is open there.
    package static func write(_ text: String) throws(FileError) {
        var text = text
        let code = text.withUTF8 { System.write(UnsafeRawBufferPointer($0), to: STDOUT_FILENO) }
        if code != 0 { throw FileError(path: "standard output", code: code) }
    }
}
