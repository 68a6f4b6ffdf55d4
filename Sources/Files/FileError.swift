import Foundation

/// A file that could not be opened, read or written.
package struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where the fault lies.
    package enum Kind: Sendable, Hashable {
        /// The file does not exist.
        case missing
        /// The file has other contents than it should.
        case contents
        /// The system or its disk.
        case system
    }

    /// The file as the caller named it.
    package let path: String
    /// The system's error number; 0 if the system did not refuse.
    package let code: Int32
    /// Where the fault lies.
    package let kind: Kind
    /// What is wrong.
    package let message: String

    /// An error with a message of its own.
    package init(path: String, code: Int32 = 0, kind: Kind = .system, message: String) {
        self.path = path
        self.code = code
        self.kind = code == ENOENT || code == ENOTDIR ? .missing : kind
        self.message = message
    }

    /// An error with the system's words for `code`.
    package init(path: String, code: Int32) {
        self.init(path: path, code: code, message: Self.reason(code))
    }

    /// An error of Foundation, with the system's words if it has them.
    package init(path: String, _ error: any Error) {
        self = error as? FileError ?? FileError(path: path, message: Self.reason(error))
    }

    /// Whether the file does not exist.
    package var isMissing: Bool { kind == .missing }

    /// The same error for a file that was to be written: a missing folder does not make it a missing input.
    package func whileWriting(_ path: String) -> FileError {
        FileError(path: path, message: "cannot be written: \(message)")
    }

    /// One line for the user.
    package var description: String { "\(path): \(message)" }

    /// The system's words for an error number.
    package static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
            + (code == ENOSPC ? " (free some space, or choose a folder on another disk)" : "")
    }

    /// The system's words for an error, if Foundation has them.
    package static func reason(_ error: any Error) -> String {
        let cocoa = error as NSError
        if let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
            return reason(Int32(underlying.code))
        }
        return cocoa.domain == NSCocoaErrorDomain ? error.localizedDescription : "\(error)"
    }
}
