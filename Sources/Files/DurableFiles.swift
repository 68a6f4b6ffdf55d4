import Foundation

/// Files and directories that appear whole or not at all, also when the power fails.
package enum DurableFiles {
    /// The ending of what is being written, and of what steps aside for it.
    package static let partial = ".partial"
    package static let replaced = ".replaced"

    /// Writes a file beside its place, waits for the disk, and renames it into place; see `replace`.
    package static func write(_ text: String, to path: String, replacesLink: Bool = false) throws(FileError) {
        try write(Data(text.utf8), to: path, replacesLink: replacesLink)
    }

    /// Writes a file beside its place, waits for the disk, and renames it into place; see `replace`.
    package static func write(_ contents: Data, to path: String, replacesLink: Bool = false) throws(FileError) {
        try replace(path, replacesLink: replacesLink) { output throws(FileError) in
            try output.append { $0 += contents }
        }
    }

    /// Lets `body` write a file beside `path`, waits for the disk, and renames it into place.
    ///
    /// A device, a pipe, and what this process has as `/dev/stdout` are written to directly: nothing can take their
    /// place.
    ///
    /// - Parameter replacesLink: whether a symbolic link gives way to the file, as in a folder that a cache of models
    ///   has made of links; otherwise it is refused. What it leads to stays as it is.
    /// - Throws: `FileError`, also for a directory, a socket or a block device of that name, and where another process
    ///   is writing the same file.
    package static func replace<Failure: Error>(
        _ path: String, replacesLink: Bool = false, _ body: (FileOutput) throws(Failure) -> Void
    ) throws(FileError) {
        if let stream = try OutputStreams.open(path) {
            do { try body(stream) } catch { throw FileError(path: path, error) }
            return try stream.synchronize()
        }
        let old = try FileKind(path: path)
        switch old {
        case .missing, .file: break
        case .link where replacesLink: break
        case .link:
            throw FileError(
                path: path, message: "it is a symbolic link, which is not followed; name the file that it leads to")
        default: throw FileError(path: path, message: "\(old.description); a file was expected")
        }
        let output = try begin(path + partial)
        do {
            if case .file(let permissions) = old { fchmod(output.descriptor, permissions & 0o777) }
            try body(output)
            try output.synchronize()
            try move(output.path, to: path)
        } catch {
            unlink(output.path)
            throw FileError(path: path, error)
        }
        try synchronize(PathParts.parent(of: path))
    }

    /// Begins a temporary file. It is locked, so that one which a process left behind can be told from one being
    /// written.
    private static func begin(_ temporary: String) throws(FileError) -> FileOutput {
        switch try FileKind(path: temporary) {
        case .missing: break
        case .file:
            guard let lock = try FileLock(path: temporary) else {
                throw FileError(path: temporary, message: "another process is writing this file; wait for it")
            }
            try withExtendedLifetime(lock) { () throws(FileError) in try remove(temporary) }
        default: try remove(temporary)
        }
        let output = try FileOutput(new: temporary)
        guard try output.lock() else {
            throw FileError(path: temporary, message: "another process is writing this file; wait for it")
        }
        return output
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
            guard mkdir(temporary, 0o777) == 0 else { throw FileError(path: temporary, code: errno) }
            try body(temporary)
            for name in try names(in: temporary) { try synchronize("\(temporary)/\(name)") }
            try synchronize(temporary)
            // A directory cannot be renamed over one that holds files: the old one steps aside first.
            if try FileKind(path: path) != .missing { try move(path, to: path + replaced) }
            try move(temporary, to: path)
            try synchronize(PathParts.parent(of: path))
        } catch {
            try? remove(temporary)
            try? recoverDirectory(path)
            throw FileError(path: path, error)
        }
        try remove(path + replaced)
    }

    /// Brings back a directory that stepped aside for one that never came, or removes it where the new one is there.
    package static func recoverDirectory(_ path: String) throws(FileError) {
        guard try FileKind(path: path + replaced) != .missing else { return }
        if try FileKind(path: path) != .missing {
            try remove(path + replaced)
        } else {
            try move(path + replaced, to: path)
        }
    }

    /// Removes what a process that was killed had begun to write in a directory: by this, or by Foundation's atomic
    /// writing.
    package static func removeUnfinished(in directory: String) throws(FileError) {
        for name in try names(in: directory) where name.hasSuffix(partial) || name.hasPrefix(".dat.nosync") {
            try remove("\(directory)/\(name)")
        }
    }

    /// Copies a file to a place where it appears whole or not at all; see `replace`.
    package static func copy(_ source: String, to path: String, replacesLink: Bool = false) throws(FileError) {
        let file = try MappedFile(path: source, allowsPointers: true)
        try replace(path, replacesLink: replacesLink) { output throws(FileError) in
            try file.forEachPiece { piece throws(FileError) in try output.append(contentsOf: piece) }
        }
    }

    /// Lets a symbolic link point to `target`, in place of what it pointed to before.
    package static func link(_ path: String, to target: String) throws(FileError) {
        // A name of its own: several processes may make the same link at one time, and all of them succeed.
        let temporary = "\(path).\(UUID().uuidString)\(partial)"
        guard symlink(target, temporary) == 0 else { throw FileError(path: path, code: errno) }
        do {
            try move(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
        try synchronize(PathParts.parent(of: path))
    }

    /// Removes a file, a link, or a directory with all it holds, if it is there.
    package static func remove(_ path: String) throws(FileError) {
        switch try FileKind(path: path) {
        case .missing: return
        case .directory:
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                throw FileError(path: path, error)
            }
        default:
            guard unlink(path) == 0 || errno == ENOENT else { throw FileError(path: path, code: errno) }
        }
    }

    /// The names in a directory.
    package static func names(in directory: String) throws(FileError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw FileError(path: directory, error)
        }
    }

    /// Makes a directory and those above it, and syncs their names.
    package static func makeDirectory(_ path: String) throws(FileError) {
        var (missing, place): ([String], String) = ([], path)
        while !FileManager.default.fileExists(atPath: place), missing.count < 256 {
            missing.append(place)
            place = PathParts.parent(of: place)
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw FileError(path: path, message: "the directory cannot be made: \(FileError.reason(error))")
        }
        for directory in missing { try synchronize(PathParts.parent(of: directory)) }
    }

    /// Makes a directory, if it is not there, but none above it: where that was removed meanwhile, nothing takes its
    /// place.
    package static func makeDirectory(inExisting path: String) throws(FileError) {
        if mkdir(path, 0o777) == 0 { return try synchronize(PathParts.parent(of: path)) }
        let code = errno
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        guard exists, isDirectory.boolValue else { throw FileError(path: path, code: exists ? ENOTDIR : code) }
    }

    /// Waits until a file, or the entries of a directory, are on the disk.
    private static func synchronize(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        try System.synchronize(descriptor, path)
    }

    /// Renames a file or a directory; what has the destination's name gives way.
    package static func move(_ path: String, to destination: String) throws(FileError) {
        guard rename(path, destination) == 0 else { throw FileError(path: destination, code: errno) }
    }
}
