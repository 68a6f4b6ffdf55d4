import Foundation

/// A lock between processes: a file that one of them holds. It ends with this object or with the process.
///
/// Where the file system has no locks (Lustre and NFS may have none), everybody gets one, with a warning.
package final class FileLock: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Takes the lock of a file, which is made if it is not there; nil if another process holds it.
    ///
    /// - Throws: `FileError` if the file cannot be made; a symbolic link is not followed.
    package init?(path: String) throws(FileError) {
        self.path = path
        var opened: Int32
        repeat {
            opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
            guard opened >= 0 else {
                throw errno == ELOOP
                    ? FileError(path: path, message: "it is a symbolic link; a lock was expected")
                    : FileError(path: path, code: errno)
            }
            do {
                guard try Self.lock(opened, path) else {
                    close(opened)
                    return nil
                }
            } catch {
                close(opened)
                throw error
            }
            // Its last holder may have removed the file meanwhile: a lock on it would keep nobody out.
            if Self.isAt(path, opened) { break }
            close(opened)
        } while true
        descriptor = opened
    }

    /// Takes the lock of a file, and waits while another process holds it.
    ///
    /// - Throws: `FileError`; `CancellationError`.
    package static func waiting(path: String) async throws -> FileLock {
        while true {
            if let lock = try FileLock(path: path) { return lock }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    deinit {
        close(descriptor)
    }

    /// Whether the path still leads to the file that is locked.
    package var isInPlace: Bool { Self.isAt(path, descriptor) }

    private static func isAt(_ path: String, _ descriptor: Int32) -> Bool {
        var (held, named) = (stat(), stat())
        return fstat(descriptor, &held) == 0 && lstat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }

    /// Locks an open file; false if another process holds it.
    static func lock(_ descriptor: Int32, _ path: String) throws(FileError) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return false
            case let code where System.isUnsupported(code):
                StandardError.warnOnce(
                    "lock",
                    "\(path): this file system has no locks (\(FileError.reason(code))); make sure that no other "
                        + "run uses the same files")
                return true
            case let code: throw FileError(path: path, code: code)
            }
        }
        return true
    }
}
