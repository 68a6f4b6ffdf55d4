import AsyncHTTPClient
import Files
import NIOCore

/// A file that is to be in a repository.
struct UploadedFile: Sendable {
    /// Its name there.
    let name: String
    let contents: MappedFile
    /// The SHA-256, by which stores for large files know contents.
    let sha256: String

    var size: Int { contents.bytes.count }

    /// Maps a file and computes its digest.
    ///
    /// - Throws: `FileError` for a file that is missing, no regular file, or a pointer of Git LFS.
    init(name: String, folder: String) throws(FileError) {
        self.name = name
        contents = try MappedFile(path: "\(folder)/\(name)")
        sha256 = FileDigest.sha256(of: contents)
    }

    /// The SHA-1 by which git knows the contents.
    var gitName: String { FileDigest.gitBlob(of: contents) }

    /// The first bytes, by which the hub decides where contents belong.
    var sample: [UInt8] { contents.withBytes { Array($0.prefix(512)) } }

    /// A part as the body of a request, read while it is sent.
    ///
    /// - Parameter progress: called with the end of what was read so far, in the whole file.
    func body(_ part: Range<Int>, progress: @escaping @Sendable (Int) -> Void) -> HTTPClientRequest.Body {
        .stream(Pieces(file: contents, part: part, progress: progress), length: .known(Int64(part.count)))
    }

    /// A part of a file in pieces.
    private struct Pieces: AsyncSequence, Sendable {
        let file: MappedFile
        let part: Range<Int>
        let progress: @Sendable (Int) -> Void

        struct AsyncIterator: AsyncIteratorProtocol {
            let pieces: Pieces
            var position: Int

            mutating func next() async -> ByteBuffer? {
                let start = position
                let end = Swift.min(start + 1 << 18, pieces.part.upperBound)
                guard start < end else { return nil }
                pieces.progress(start)
                position = end
                defer { pieces.file.release(start..<end) }
                return pieces.file.withBytes { ByteBuffer(bytes: $0[start..<end]) }
            }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: self, position: part.lowerBound) }
    }
}
