import CZlib
import Files
import Foundation
import Synchronization

/// The bytes of datasets' files: regular files are mapped as they are; what is compressed with gzip or comes through a
/// pipe is first written to a temporary file, which has no name and is gone with this process.
package enum DatasetFile {
    /// What was unpacked or read from a pipe, which can be read only once, by what it was called.
    private static let unpacked = Mutex<[Key: MappedFile]>([:])

    /// A file, told apart from what had its name before.
    private struct Key: Hashable {
        let path: String
        var numbers: [Int]

        init(_ path: String, _ status: stat) {
            self.path = path
            numbers = [Int(status.st_dev), Int(status.st_ino)]
            guard status.st_mode & S_IFMT == S_IFREG else { return }
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSinceReferenceDate ?? 0
            numbers += [Int(status.st_size), changed.hashValue]
        }
    }

    /// The name of standard input.
    package static let standardInput = "-"

    /// What messages call a file.
    static func name(_ path: String) -> String { path == standardInput ? "standard input" : path }

    /// Maps a file, as many times as is asked for.
    ///
    /// - Parameter path: of a file or a named pipe; `-` is standard input.
    /// - Throws: `DatasetError` for a file that cannot be read, or is compressed in a way that is not read.
    package static func map(_ path: String) throws(DatasetError) -> MappedFile {
        do {
            var status = stat()
            let found = path == standardInput ? fstat(STDIN_FILENO, &status) : stat(path, &status)
            guard found == 0 else { throw FileError(path: path, code: errno) }
            let isRegular = status.st_mode & S_IFMT == S_IFREG
            if path != standardInput, isRegular || status.st_mode & S_IFMT == S_IFDIR {
                let file = try MappedFile(path: path)
                guard file.bytes.starts(with: [0x1F, 0x8B]) else {
                    if let form = foreignForm(file.bytes) { throw DatasetError(path: path, message: form) }
                    return file
                }
            }
            let key = Key(path, status)
            if let file = unpacked.withLock({ $0[key] }) { return file }
            let file = try unpack(path)
            if let form = foreignForm(file.bytes) { throw DatasetError(path: name(path), message: form) }
            unpacked.withLock { $0[key] = file }
            return file
        } catch let error as FileError {
            throw DatasetError(path: name(path), message: error.message, isMissing: error.isMissing)
        } catch let error as DatasetError {
            throw error
        } catch {
            throw DatasetError(path: name(path), message: "\(error)")
        }
    }

    /// The SHA-256 of what a file holds, unpacked, as hexadecimal digits.
    package static func sha256(_ path: String) throws(DatasetError) -> String { FileDigest.sha256(of: try map(path)) }

    /// Writes what a file holds, unpacked, to a temporary file.
    private static func unpack(_ path: String) throws -> MappedFile {
        let source = path == standardInput ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw FileError(path: path, code: errno) }
        // zlib passes on what is not compressed.
        guard let stream = gzdopen(source, "rb") else {
            close(source)
            throw FileError(path: path, code: ENOMEM)
        }
        gzbuffer(stream, UInt32(blockSize))
        var result = Result { try copy(stream, path) }
        let status = gzclose(stream)
        if case .success = result, status != Z_OK { result = .failure(broken(path)) }
        return try result.get()
    }

    private static let blockSize = 1 << 18

    private static func copy(_ stream: gzFile, _ path: String) throws -> MappedFile {
        let output = try FileOutput(namelessIn: FileManager.default.temporaryDirectory.path)
        var block = [UInt8](repeating: 0, count: blockSize)
        while true {
            let count = block.withUnsafeMutableBytes { gzread(stream, $0.baseAddress, UInt32($0.count)) }
            guard count >= 0 else {
                var code: Int32 = 0
                _ = gzerror(stream, &code)
                throw code == Z_ERRNO ? FileError(path: path, code: errno) : broken(path)
            }
            if count == 0 { break }
            try output.append { $0 += block.prefix(Int(count)) }
        }
        return try output.mapped()
    }

    private static func broken(_ path: String) -> DatasetError {
        DatasetError(path: name(path), message: "the compressed data is cut off or corrupt; copy the file again")
    }

    /// What a file is that is no text, for a message; nil for anything else.
    private static func foreignForm(_ bytes: UnsafeRawBufferPointer) -> String? {
        for (magic, form) in foreign where bytes.starts(with: magic) { return form }
        return nil
    }

    private static let foreign: [(magic: [UInt8], form: String)] = [
        (Array("PAR1".utf8), "this is a Parquet file; write it as JSON first (datasets: to_json, pandas: to_json)"),
        (Array("ARROW1".utf8), "this is an Arrow file; write it as JSON first (datasets: to_json)"),
        (Array("PK\u{3}\u{4}".utf8), "this is a ZIP archive or a spreadsheet; unpack it, or save it as CSV"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "this is compressed with xz; unpack it, or compress it with gzip"),
        ([0x42, 0x5A, 0x68], "this is compressed with bzip2; unpack it, or compress it with gzip"),
        ([0x28, 0xB5, 0x2F, 0xFD], "this is compressed with zstd; unpack it, or compress it with gzip"),
        ([0xFF, 0xFE], "this is text in UTF-16; save it in UTF-8"),
        ([0xFE, 0xFF], "this is text in UTF-16; save it in UTF-8"),
    ]
}
