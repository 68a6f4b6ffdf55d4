import Foundation

/// What a path leads to. Symbolic links are not followed.
package enum FileKind: Sendable, Hashable {
    case missing
    case file(permissions: mode_t)
    case directory
    case link
    /// A character device such as `/dev/null`.
    case device
    /// A pipe with a name.
    case pipe
    /// A socket or a block device.
    case other

    /// Looks at a path.
    ///
    /// - Throws: `FileError` where the system refuses to say.
    package init(path: String) throws(FileError) {
        var status = stat()
        if lstat(path, &status) == 0 {
            self.init(status)
        } else if errno == ENOENT {
            self = .missing
        } else {
            throw FileError(path: path, code: errno)
        }
    }

    /// Looks at an open file; nil if the system refuses to say.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        self =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file(permissions: status.st_mode & 0o7777)
            case S_IFDIR: .directory
            case S_IFLNK: .link
            case S_IFCHR: .device
            case S_IFIFO: .pipe
            default: .other
            }
    }

    /// Whether bytes go through it and are not kept.
    package var isStream: Bool { self == .device || self == .pipe }

    /// What an error calls it.
    package var description: String {
        switch self {
        case .missing: "it does not exist"
        case .file: "it is a file"
        case .directory: "it is a directory"
        case .link: "it is a symbolic link"
        case .device, .pipe, .other: "it is not a regular file"
        }
    }
}
