import Crypto

/// Fingerprints of files.
package enum FileDigest {
    /// The SHA-256 of a file as hexadecimal digits, read through a memory map a piece at a time.
    package static func sha256(path: String) throws(FileError) -> String {
        sha256(of: try MappedFile(path: path, allowsPointers: true))
    }

    /// The SHA-256 of a file that is mapped, as hexadecimal digits.
    package static func sha256(of file: MappedFile) -> String { digest(file, SHA256()) }

    /// The SHA-256 of a text's UTF-8 as hexadecimal digits.
    package static func sha256(of text: String) -> String {
        hexadecimal(SHA256.hash(data: Array(text.utf8)))
    }

    /// The SHA-1 by which git knows the contents of a file, as hexadecimal digits.
    package static func gitBlob(path: String) throws(FileError) -> String {
        gitBlob(of: try MappedFile(path: path, allowsPointers: true))
    }

    /// The SHA-1 by which git knows the contents of a file that is mapped, as hexadecimal digits.
    package static func gitBlob(of file: MappedFile) -> String {
        var hash = Insecure.SHA1()
        Array("blob \(file.bytes.count)\0".utf8).withUnsafeBytes { hash.update(bufferPointer: $0) }
        return digest(file, hash)
    }

    private static func digest(_ file: MappedFile, _ empty: some HashFunction) -> String {
        var hash = empty
        file.forEachPiece { hash.update(bufferPointer: $0) }
        return hexadecimal(hash.finalize())
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
