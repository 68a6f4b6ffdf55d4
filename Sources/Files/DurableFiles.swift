import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Files and directories that appear whole or not at all, also when the power fails.
package enum DurableFiles {
    /// Waits until a file, or the entries of a directory, are on the disk.
    package static func synchronize(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
    }

    /// Writes a file beside its place, waits for the disk, and renames it into place.
    package static func write(_ text: String, to path: String) throws(FileError) {
        try write(Data(text.utf8), to: path)
    }

    /// Writes a file beside its place, waits for the disk, and renames it into place.
    package static func write(_ contents: Data, to path: String) throws(FileError) {
        try replace(path) { temporary throws(FileError) in
            guard FileManager.default.createFile(atPath: temporary, contents: contents) else {
                throw FileError(path: path, code: errno == 0 ? EIO : errno)
            }
            try synchronize(temporary)
        }
    }

    /// Lets `body` write to a temporary path beside `path`, and renames what it wrote into place.
    package static func replace<Failure: Error>(
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
    package static func replaceDirectory(
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
    package static func recoverDirectory(_ path: String) throws(FileError) {
        guard FileManager.default.fileExists(atPath: path + replaced) else { return }
        if FileManager.default.fileExists(atPath: path) {
            try remove(path + replaced)
        } else {
            try move(path + replaced, to: path)
        }
    }

    /// The ending of what is being written, and of what steps aside for it.
    package static let partial = ".partial"
    package static let replaced = ".replaced"

    /// Removes what a process that was killed had begun to write in a directory: by this, or by Foundation's atomic writing.
    package static func removeUnfinished(in directory: String) throws(FileError) {
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
    package static func link(_ path: String, to target: String) throws(FileError) {
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
    package static func remove(_ path: String) throws(FileError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw FileError(path: path, message: reason(error))
        }
    }

    /// Makes a directory and those above it.
    package static func makeDirectory(_ path: String) throws(FileError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FileError(path: path, message: "the directory cannot be made: \(reason(error))")
        }
    }

    /// Makes a directory, if it is not there, but none above it: where that was removed meanwhile, nothing takes its place.
    package static func makeDirectory(inExisting path: String) throws(FileError) {
        if mkdir(path, 0o777) == 0 { return }
        let code = errno
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        guard exists, isDirectory.boolValue else { throw FileError(path: path, code: exists ? ENOTDIR : code) }
    }

    /// The system's words for an error, where Foundation kept them.
    package static func reason(_ error: any Error) -> String {
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
