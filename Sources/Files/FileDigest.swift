/// Fingerprints of files.
package enum FileDigest {
    /// The SHA-256 of a file as hexadecimal digits, read through a memory map a piece at a time.
    package static func sha256(path: String) throws(FileError) -> String {
        sha256(of: try MappedFile(path: path, allowsPointers: true))
    }

    /// The SHA-256 of a file that is mapped, as hexadecimal digits.
    package static func sha256(of file: MappedFile) -> String { digits(.sha256(), of: file) }

    /// The SHA-256 of a text's UTF-8 as hexadecimal digits.
    package static func sha256(of text: String) -> String {
        Digest.sha256(of: text.utf8).hexadecimal
    }

    /// The SHA-1 by which git knows the contents of a file, as hexadecimal digits.
    package static func gitBlob(path: String) throws(FileError) -> String {
        gitBlob(of: try MappedFile(path: path, allowsPointers: true))
    }

    /// The SHA-1 by which git knows the contents of a file that is mapped, as hexadecimal digits.
    package static func gitBlob(of file: MappedFile) -> String {
        var digest = Digest.sha1()
        Array("blob \(file.bytes.count)\0".utf8).withUnsafeBytes { digest.update($0) }
        return digits(digest, of: file)
    }

    private static func digits(_ digest: Digest, of file: MappedFile) -> String {
        var digest = digest
        file.forEachPiece { digest.update($0) }
        return digest.finalize().hexadecimal
    }
}
