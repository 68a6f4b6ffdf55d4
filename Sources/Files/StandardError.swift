#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// This process's standard error. What cannot be written there is dropped: that nobody reads what a program says is no reason
/// to end it, as `FileHandle.write(_:)` would.
package enum StandardError {
    /// Writes a text as it is.
    package static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { bytes in
                #if canImport(Darwin)
                    Darwin.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
                #else
                    Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
                #endif
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
