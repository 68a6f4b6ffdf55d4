#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// System calls and constants that have different names on different systems. All other files use Foundation.
package enum System {
    /// The type of a socket for datagrams.
    package static var datagramSocket: Int32 {
        #if canImport(Glibc)
            Int32(SOCK_DGRAM.rawValue)
        #else
            SOCK_DGRAM
        #endif
    }

    /// Whether this process was started with a signal switched off, as `nohup` does.
    package static func isIgnored(signal: Int32) -> Bool {
        var action = sigaction()
        sigaction(signal, nil, &action)
        #if canImport(Darwin)
            let handler = action.__sigaction_u.__sa_handler
        #elseif canImport(Glibc)
            let handler = action.__sigaction_handler.sa_handler
        #else
            let handler = action.__sa_handler.sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Raises the number of files that this process may have open, as far as the system lets it.
    package static func raiseOpenFileLimit(to wanted: UInt) {
        var limit = rlimit()
        #if canImport(Glibc)
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let files = RLIMIT_NOFILE
        #endif
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
        setrlimit(files, &limit)
    }

    /// Writes all bytes to a descriptor, however many calls that takes.
    ///
    /// - Returns: the system's error number; 0 once everything is written.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
        // Linux writes at most 2 GiB in one call, macOS refuses more than that.
        let largest = 1 << 30
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(largest))
            let count = systemWrite(descriptor, part.baseAddress, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : ENOSPC }
            rest = rest.dropFirst(count)
        }
        return 0
    }

    /// Waits until the disk has a file, or the entries of a directory.
    ///
    /// File systems that cannot do this (CIFS and some of FUSE refuse directories) are reported once; the work goes on.
    static func synchronize(_ descriptor: Int32, _ path: String) throws(FileError) {
        var result = fsync(descriptor)
        while result != 0 && errno == EINTR { result = fsync(descriptor) }
        if result == 0 { return }
        let code = errno
        guard isUnsupported(code) else { throw FileError(path: path, code: code) }
        // Devices and pipes keep nothing that could be lost.
        if FileKind(descriptor: descriptor)?.isStream == true { return }
        StandardError.warnOnce(
            "sync",
            "\(path): this file system cannot sync it (\(FileError.reason(code))); after a power failure the "
                + "newest files may be missing or cut")
    }

    /// Whether an error number says that the file system has no such operation.
    static func isUnsupported(_ code: Int32) -> Bool {
        // 524 is the kernel's own ENOTSUPP, which some network file systems let through.
        [ENOSYS, EINVAL, EOPNOTSUPP, ENOTSUP, ENOLCK, 524].contains(code)
    }
}

/// `write(2)`, under a name that a method called `write` doesn't hide.
private func systemWrite(_ descriptor: Int32, _ address: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, address, count)
}
