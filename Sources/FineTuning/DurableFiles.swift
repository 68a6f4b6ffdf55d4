import Foundation
import StrictJSON

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Files and directories that appear whole or not at all, also when the power fails.
enum DurableFiles {
    /// Waits until a file, or the entries of a directory, are on the disk.
    static func synchronize(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
    }

    /// Writes a file beside its place, waits for the disk, and renames it into place.
    static func write(_ text: String, to path: String) throws(FileError) {
        try write(Data(text.utf8), to: path)
    }

    /// Writes a file beside its place, waits for the disk, and renames it into place.
    static func write(_ contents: Data, to path: String) throws(FileError) {
        try replace(path) { temporary throws(FileError) in
            guard FileManager.default.createFile(atPath: temporary, contents: contents) else {
                throw FileError(path: path, code: errno == 0 ? EIO : errno)
            }
            try synchronize(temporary)
        }
    }

    /// Lets `body` write to a temporary path beside `path`, and renames what it wrote into place.
    static func replace<Failure: Error>(
        _ path: String, _ body: (String) throws(Failure) -> Void
    ) throws(FileError) {
        let temporary = path + partial
        do {
            try remove(temporary)
            try body(temporary)
            try move(temporary, to: path)
            try synchronize(parent(of: path))
        } catch {
            try? remove(temporary)
            throw fileError(error, path)
        }
    }

    /// Lets `body` fill a temporary directory beside `path`, waits for the disk, and renames it into place. An older
    /// directory of that name is there until the new one is whole.
    static func replaceDirectory(
        _ path: String, _ body: (String) throws -> Void
    ) throws(FileError) {
        let temporary = path + partial
        do {
            try recoverDirectory(path)
            try remove(temporary)
            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
            try body(temporary)
            for name in try FileManager.default.contentsOfDirectory(atPath: temporary) {
                try synchronize("\(temporary)/\(name)")
            }
            try synchronize(temporary)
            // A directory cannot be renamed over one that holds files: the old one steps aside first.
            if FileManager.default.fileExists(atPath: path) { try move(path, to: path + replaced) }
            try move(temporary, to: path)
            try synchronize(parent(of: path))
        } catch {
            try? remove(temporary)
            try? recoverDirectory(path)
            throw fileError(error, path)
        }
        try remove(path + replaced)
    }

    /// Brings back a directory that stepped aside for one that never came, or removes it where the new one is there.
    static func recoverDirectory(_ path: String) throws(FileError) {
        guard FileManager.default.fileExists(atPath: path + replaced) else { return }
        if FileManager.default.fileExists(atPath: path) {
            try remove(path + replaced)
        } else {
            try move(path + replaced, to: path)
        }
    }

    /// The ending of what is being written, and of what steps aside for it.
    static let partial = ".partial"
    static let replaced = ".replaced"

    /// Removes what a process that was killed had begun to write in a directory: by this, or by Foundation's atomic writing.
    static func removeUnfinished(in directory: String) throws(FileError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw FileError(path: directory, message: reason(error))
        }
        for name in names where name.hasSuffix(partial) || name.hasPrefix(".dat.nosync") {
            try remove("\(directory)/\(name)")
        }
    }

    /// Lets a symbolic link point to `target`, in place of what it pointed to before.
    static func link(_ path: String, to target: String) throws(FileError) {
        try replace(path) { temporary throws(FileError) in
            guard symlink(target, temporary) == 0 else { throw FileError(path: path, code: errno) }
        }
    }

    private static func move(_ path: String, to destination: String) throws(FileError) {
        guard rename(path, destination) == 0 else { throw FileError(path: destination, code: errno) }
    }

    private static func fileError(_ error: any Error, _ path: String) -> FileError {
        error as? FileError ?? FileError(path: path, message: reason(error))
    }

    /// Removes a file or a directory with all it holds, if it is there.
    static func remove(_ path: String) throws(FileError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw FileError(path: path, message: reason(error))
        }
    }

    /// Makes a directory and those above it.
    static func makeDirectory(_ path: String) throws(FileError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FileError(path: path, message: "the directory cannot be made: \(reason(error))")
        }
    }

    /// Makes a directory, if it is not there, but none above it: where that was removed meanwhile, nothing takes its place.
    static func makeDirectory(inExisting path: String) throws(FileError) {
        if mkdir(path, 0o777) == 0 { return }
        let code = errno
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        guard exists, isDirectory.boolValue else { throw FileError(path: path, code: exists ? ENOTDIR : code) }
    }

    /// The system's words for an error, where Foundation kept them.
    static func reason(_ error: any Error) -> String {
        let cocoa = error as NSError
        if let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(underlying.code)))
        }
        return cocoa.domain == NSCocoaErrorDomain ? error.localizedDescription : "\(error)"
    }

    private static func parent(of path: String) -> String {
        let parent = (path as NSString).deletingLastPathComponent
        return parent.isEmpty ? "." : parent
    }
}

/// Holds a directory for one run: a second one gets an error instead of a mess.
public final class DirectoryLock: Sendable {
    private let directory: String
    private let descriptor: Int32

    /// Takes the lock, which ends with this object or with the process.
    ///
    /// - Throws: `FileError` if another process holds it.
    public init(directory: String) throws(FileError) {
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
                message: "another run is writing to this directory; wait for it, or choose another --output-dir")
        }
    }

    /// Checks that the directory is still the one that was taken.
    ///
    /// - Throws: `FileError` if it was removed, or another one has its name: what is written there would belong to nobody, or
    ///   to another run.
    public func check() throws(FileError) {
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
