#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// A file that is written piece by piece through a buffer, and says when the disk is full.
package final class FileOutput {
    package let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    private static let bufferSize = 1 << 20

    /// A new file, in place of what had its name.
    package convenience init(creating path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        self.init(path: path, descriptor: descriptor)
    }

    /// A file that is open; it is closed with this object.
    package init(path: String, descriptor: Int32) {
        (self.path, self.descriptor) = (path, descriptor)
    }

    /// Lets `body` append to the buffer, which is written once it is full.
    package func append(_ body: (inout [UInt8]) -> Void) throws(FileError) {
        body(&buffer)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Hands what is buffered to the system: the end of this process does not lose it.
    package func flush() throws(FileError) {
        var rest = buffer[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw FileError(path: path, code: errno) }
            rest = rest.dropFirst(written)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Waits until all is on the disk: the end of the machine does not lose it either.
    package func synchronize() throws(FileError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
    }

    deinit {
        close(descriptor)
    }
}
