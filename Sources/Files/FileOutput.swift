import Foundation

/// A file that is written piece by piece through a buffer, and reports when the disk is full.
package final class FileOutput {
    /// The file as the caller named it.
    package let path: String
    let descriptor: Int32
    private var buffer: [UInt8] = []
    private var failure: FileError?

    private static let bufferSize = 1 << 20

    /// A new file. An older one of that name is removed first: those who have it mapped keep what they have. A device
    /// or a pipe is written to as it is.
    ///
    /// - Throws: `FileError` for a directory, a link or a socket of that name, and with the system's reason.
    package convenience init(creating path: String) throws(FileError) {
        switch try FileKind(path: path) {
        case .device, .pipe: try self.init(stream: path)
        case .file:
            guard unlink(path) == 0 else { throw FileError(path: path, code: errno) }
            try self.init(new: path)
        case .missing: try self.init(new: path)
        case let kind: throw FileError(path: path, message: "\(kind.description); a file was expected")
        }
    }

    /// A file that must not be there yet, not even as a link.
    convenience init(new path: String) throws(FileError) {
        try self.init(path, O_WRONLY | O_CREAT | O_EXCL)
    }

    /// A device or a pipe that is there.
    convenience init(stream path: String) throws(FileError) {
        try self.init(path, O_WRONLY | O_NOCTTY)
    }

    /// A file to append to, made if it is not there; links are not followed.
    package convenience init(appendingTo path: String) throws(FileError) {
        try self.init(path, O_RDWR | O_CREAT | O_APPEND)
    }

    /// A new file without a name, for what this process alone needs: it is gone with the last who has it open or
    /// mapped.
    package convenience init(namelessIn directory: String) throws(FileError) {
        try self.init("\(directory)/bertqa-\(UUID().uuidString)", O_RDWR | O_CREAT | O_EXCL)
        unlink(path)
    }

    private init(_ path: String, _ flags: Int32) throws(FileError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else {
            throw errno == ELOOP
                ? FileError(path: path, message: "it is a symbolic link; a file was expected")
                : FileError(path: path, code: errno)
        }
    }

    /// This process's file number `number`, closed with this object as all are; the process keeps its own.
    init(path: String, duplicating number: Int32) throws(FileError) {
        self.path = path
        descriptor = fcntl(number, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Maps what was written.
    package func mapped() throws(FileError) -> MappedFile {
        try flush()
        return try MappedFile(path: path, descriptor: descriptor)
    }

    /// The bytes that the file has, without those in the buffer.
    ///
    /// - Throws: `FileError` with the system's reason.
    package func size() throws(FileError) -> Int {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw FileError(path: path, code: errno) }
        return Int(end)
    }

    /// Cuts the file to a number of bytes; what is appended follows them.
    package func truncate(to size: Int) throws(FileError) {
        buffer.removeAll(keepingCapacity: true)
        failure = nil
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileError(path: path, code: errno) }
    }

    /// Takes the lock of the file, which ends with this object or the process; false if another process holds it.
    package func lock() throws(FileError) -> Bool { try FileLock.lock(descriptor, path) }

    /// Lets `body` append to the buffer, which is written once it is full.
    package func append(_ body: (inout [UInt8]) -> Void) throws(FileError) {
        body(&buffer)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Appends bytes behind those in the buffer.
    package func append(contentsOf bytes: UnsafeRawBufferPointer) throws(FileError) {
        if buffer.count + bytes.count < Self.bufferSize { return buffer.append(contentsOf: bytes) }
        try flush()
        try write(bytes)
    }

    /// Hands what is buffered to the system: the end of this process does not lose it.
    package func flush() throws(FileError) {
        defer { buffer.removeAll(keepingCapacity: true) }
        try buffer.withUnsafeBufferPointer { buffer throws(FileError) in try write(UnsafeRawBufferPointer(buffer)) }
    }

    /// Waits until all is on the disk: the end of the machine does not lose it either.
    package func synchronize() throws(FileError) {
        try flush()
        try System.synchronize(descriptor, path)
    }

    /// What could not be written is not tried again, since a part of it may be in the file: the first failure is the
    /// answer from then on.
    private func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if let failure { throw failure }
        let code = System.write(bytes, to: descriptor)
        if code == 0 { return }
        let error = FileError(path: path, code: code)
        failure = error
        throw error
    }
}
