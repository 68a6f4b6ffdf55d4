#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A file being written; closed when it goes out of scope.
struct OutputFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    /// Creates the file, or empties the one that is there.
    init(path: String) throws(CheckpointError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, "cannot be created", errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Writes all bytes, in as many calls as the system needs.
    func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        // Linux writes at most 2 GiB in one call, macOS refuses more than that.
        let largest = 1 << 30
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(largest))
            let count = systemWrite(descriptor, part.baseAddress, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path, "cannot be written", count < 0 ? errno : ENOSPC) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all bytes of an array.
    func write(_ bytes: [UInt8]) throws(CheckpointError) {
        try bytes.withUnsafeBufferPointer { buffer throws(CheckpointError) in try write(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Waits until everything written is on the disk.
    func synchronize() throws(CheckpointError) {
        guard fsync(descriptor) == 0 else { throw Self.failure(path, "cannot be written to the disk", errno) }
    }

    private static func failure(_ path: String, _ what: String, _ code: Int32) -> CheckpointError {
        let advice =
            switch code {
            case ENOSPC: " (free some space, or choose a directory on another disk)"
            case ENOENT: " (its directory does not exist)"
            default: ""
            }
        let reason = String(cString: strerror(code))
        return CheckpointError(path: path, kind: .unwritable, message: "\(what): \(reason)\(advice)")
    }
}

/// `write(2)`, under a name that a method called `write` does not hide.
private func systemWrite(_ descriptor: Int32, _ address: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, address, count)
}
