import Crypto

/// Fingerprints of files.
package enum FileDigest {
    /// The SHA-256 of a file as hexadecimal digits, read through a memory map a piece at a time.
    package static func sha256(path: String) throws(FileError) -> String {
        let file = try MappedFile(path: path)
        var hash = SHA256()
        file.forEachPiece { hash.update(bufferPointer: $0) }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
