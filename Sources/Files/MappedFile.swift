import Foundation

/// A regular file mapped into memory, read-only. Its pages are read from disk when they are touched.
package final class MappedFile: Sendable {
    /// The file as the caller named it.
    package let path: String
    private let address: UInt
    private let count: Int
    private let identity: Identity

    /// The whole file; valid as long as this object is, which may be less than its scope: the compiler may let an
    /// object go after its last use. `withBytes` keeps it.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
    }

    /// Calls `body` with the whole file, which stays mapped until it returns.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }

    /// Gives the file to `body` piece by piece, and its pages back to the system after each: however large it is, the
    /// process does not grow by it.
    package func forEachPiece<Failure: Error>(
        of size: Int = 4 << 20, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        defer { withExtendedLifetime(self) {} }
        for start in stride(from: 0, to: count, by: size) {
            let end = min(start + size, count)
            try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            release(upTo: end)
        }
    }

    /// Gives the pages before a byte back to the system, which reads them again should they be touched once more: a
    /// file that is walked through once takes no memory for what lies behind.
    package func release(upTo offset: Int) {
        release(0..<min(max(offset, 0), count))
    }

    /// Gives the pages that lie wholly in a range of the file's bytes back to the system; see `release(upTo:)`.
    package func release(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let start = (range.lowerBound + page - 1) & ~(page - 1)
        let end = range.upperBound & ~(page - 1)
        guard end > start else { return }
        // Advice only: where it is not taken, the pages stay until they are needed for something else.
        madvise(UnsafeMutableRawPointer(bitPattern: address + UInt(start)), end - start, MADV_DONTNEED)
    }

    /// Maps the file.
    ///
    /// - Parameter allowsPointers: whether the pointer that Git LFS leaves in the place of a large file is mapped like
    ///   any other file.
    /// - Throws: `FileError` for a file that is missing, not readable, not a regular file, or a pointer of Git LFS.
    package convenience init(path: String, allowsPointers: Bool = false) throws(FileError) {
        // Opening a named pipe would otherwise wait for a writer; regular files don't care.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        try self.init(path: path, descriptor: descriptor)
        if !allowsPointers, isGitLFSPointer {
            throw FileError(
                path: path, kind: .contents,
                message: "this is a Git LFS pointer, not the file itself; run `git lfs pull` where it was cloned")
        }
    }

    /// Maps a file that is open, and stays mapped when it is closed.
    ///
    /// - Parameter path: what messages call it.
    package init(path: String, descriptor: Int32) throws(FileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, code: errno) }
        let kind = FileKind(status)
        guard case .file = kind else {
            throw FileError(path: path, message: "\(kind.description); a file was expected")
        }
        self.path = path
        identity = Identity(status)
        count = Int(status.st_size)
        guard count > 0 else {
            address = 0
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw FileError(path: path, code: errno)
        }
        address = UInt(bitPattern: start)
    }

    /// Whether the file is the text that Git LFS leaves in the place of one that was not fetched.
    ///
    /// - Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: below 1024 bytes, and the version comes
    ///   first.
    private var isGitLFSPointer: Bool {
        withBytes { $0.count < 1024 && $0.starts(with: "version https://git-lfs.github.com/spec/".utf8) }
    }

    /// Checks that nobody has written to the file or cut it since it was mapped. A file that was removed, or that
    /// another one took the place of, is unchanged: the mapping keeps it.
    ///
    /// - Throws: `FileError` that says so.
    package func checkUnchanged() throws(FileError) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        let now = Identity(status)
        guard now.device != identity.device || now.inode != identity.inode || now == identity else {
            throw FileError(path: path, message: "it was changed while it was in use")
        }
    }

    /// Which file this is, and which state of it.
    private struct Identity: Sendable, Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int

        init(_ status: stat) {
            #if canImport(Darwin)
                let modified = status.st_mtimespec
            #else
                let modified = status.st_mtim
            #endif
            (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
            (size, seconds, nanoseconds) = (Int64(status.st_size), Int(modified.tv_sec), Int(modified.tv_nsec))
        }
    }

    deinit {
        if count > 0 { munmap(UnsafeMutableRawPointer(bitPattern: address), count) }
    }
}
