import Files
import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Holds a directory for one run: a second one gets an error instead of a mess.
package final class DirectoryLock: Sendable {
    private let directory: String
    private let descriptor: Int32

    /// Takes the lock, which ends with this object or with the process.
    ///
    /// - Throws: `FileError` if another process holds it.
    package init(directory: String) throws(FileError) {
        self.directory = directory
        let path = "\(directory)/.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(path: directory, code: errno) }
        // The descriptor is closed by deinit, which also runs when this initializer throws.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            guard code == EWOULDBLOCK else { throw FileError(path: path, code: code) }
            throw FileError(
                path: directory,
                message: "another run is writing to this directory; wait for it, or choose another `output_dir`")
        }
    }

    /// Checks that the directory is still the one that was taken.
    ///
    /// - Throws: `FileError` if it was removed, or another one has its name: what is written there would belong to nobody, or
    ///   to another run.
    package func check() throws(FileError) {
        var (held, named) = (stat(), stat())
        guard fstat(descriptor, &held) == 0, stat("\(directory)/.lock", &named) == 0, held.st_ino == named.st_ino,
            held.st_dev == named.st_dev
        else {
            throw FileError(
                path: directory,
                message: "the directory was removed or replaced while the run went on; nothing is written")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
