#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that could not be opened, read or written.
package struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file as the caller named it.
    package let path: String
    /// The system's error number; 0 where it was not the system that refused.
    package let code: Int32
    /// What is wrong.
    package let message: String

    /// An error with a message of its own.
    package init(path: String, code: Int32 = 0, message: String) {
        self.path = path
        self.code = code
        self.message = message
    }

    /// An error with the system's words for `code`.
    package init(path: String, code: Int32) {
        self.init(path: path, code: code, message: String(cString: strerror(code)))
    }

    /// Whether the file is not there.
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }

    /// The same error of a file that was to be written: that its folder is not there does not make it a missing input.
    package func whileWriting(_ path: String) -> FileError {
        FileError(path: path, message: "cannot be written: \(message)")
    }

    /// One line for the user.
    package var description: String { "\(path): \(message)" }
}
