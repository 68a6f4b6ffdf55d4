import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// The file of a database: created for its user alone, and recognised if it is replaced.
struct DatabaseFile: Sendable {
    let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Creates the file if it does not exist, and removes the rights of other users.
    ///
    /// SQLite gives its `-wal` and `-shm` the rights of the file.
    init(path: String) throws(DocumentStoreError) {
        self.path = path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DocumentStoreError(
                .unavailable, "\(path): is not a regular file; name another file for the documents")
        }
        if status.st_mode & 0o077 != 0, status.st_uid == geteuid() {
            for end in ["", "-wal", "-shm"] where chmod(path + end, 0o600) != 0 && errno != ENOENT {
                throw Self.failure(path + end, errno)
            }
        }
        (device, inode) = (status.st_dev, status.st_ino)
    }

    /// - Throws: `DocumentStoreError.removed` if the path no longer leads to the file.
    func check() throws(DocumentStoreError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { throw .removed(path) }
    }

    private static func failure(_ path: String, _ code: Int32) -> DocumentStoreError {
        let message = String(cString: strerror(code))
        return code == ENOSPC || code == EDQUOT
            ? DocumentStoreError(.diskFull, "\(path): \(message)")
            : DocumentStoreError(.unavailable, "\(path): cannot be opened for writing (\(message))")
    }
}
