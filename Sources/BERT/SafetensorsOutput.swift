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
    init(path: String) throws(SafetensorsError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, "can't be created", errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Writes all bytes, however many calls the system needs for them.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
        // Linux writes at most 2 GiB in one call, macOS refuses more than that.
        let largest = 1 << 30
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(largest))
            let count = systemWrite(descriptor, part.baseAddress, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path, "can't be written", count < 0 ? errno : ENOSPC) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all bytes of an array.
    func write(_ bytes: [UInt8]) throws(SafetensorsError) {
        try bytes.withUnsafeBufferPointer { buffer throws(SafetensorsError) in try write(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Waits until everything written is on the disk.
    func synchronize() throws(SafetensorsError) {
        guard fsync(descriptor) == 0 else { throw Self.failure(path, "can't be written to the disk", errno) }
    }

    private static func failure(_ path: String, _ what: String, _ code: Int32) -> SafetensorsError {
        let advice =
            switch code {
            case ENOSPC: " (free some space, or choose a directory on another disk)"
            case ENOENT: " (its directory doesn't exist)"
            default: ""
            }
        let reason = String(cString: strerror(code))
        return SafetensorsError(path: path, rule: .unwritable, message: "\(what): \(reason)\(advice)")
    }
}

/// `write(2)`, under a name that a method called `write` doesn't hide.
private func systemWrite(_ descriptor: Int32, _ address: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, address, count)
}
