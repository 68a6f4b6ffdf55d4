import Checkpoints
import Files
import Foundation

/// A repository in the hub's cache, in the layout of huggingface_hub:
///
///     models--owner--name/refs/main                  the commit that a revision stands for
///     models--owner--name/blobs/<etag>               contents, by their checksum
///     models--owner--name/snapshots/<commit>/<file>  links into blobs
///     models--owner--name/bertqa/<commit>/<file>     ours: converted weights, and links into the snapshot
struct HubCache: Sendable {
    let cache: String
    let id: HubModelID
    /// Whether no symbolic links are made, although the file system may have them.
    let avoidsLinks: Bool

    init(_ settings: HubSettings, _ id: HubModelID) {
        (cache, avoidsLinks, self.id) = (settings.cache, settings.avoidsLinks, id)
    }

    var folder: String { "\(cache)/\(id.cacheFolder)" }

    func blob(_ etag: String) -> String { "\(folder)/blobs/\(etag)" }

    func snapshot(_ commit: String) -> String { "\(folder)/snapshots/\(commit)" }

    /// The commit that the revision stood for when it was last fetched.
    func commit() -> String? {
        if Self.isCommit(id.revision), FileManager.default.fileExists(atPath: snapshot(id.revision)) {
            return id.revision
        }
        let text = try? String(contentsOfFile: "\(folder)/refs/\(id.revision)", encoding: .utf8)
        let commit = text?.trimmingCharacters(in: .whitespacesAndNewlines)
        return commit.flatMap { Self.isCommit($0) ? $0 : nil }
    }

    /// Whether a text is a commit's name in git: 40 hexadecimal digits.
    static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || isHexLetter($0) }
    }

    private static func isHexLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "F") ~= byte
    }

    /// Refuses names that would lead out of the folder that they are looked up in: whatever the hub said, nothing is
    /// read or written outside the cache.
    private static func check(_ name: String, commit: String) throws(HubError) {
        guard ShardedIndex.isPlainFileName(name) else {
            throw .untrusted("the file name \(name.debugDescription) is not a plain file name")
        }
        guard isCommit(commit) else {
            throw .untrusted("the commit \(commit.debugDescription) is not 40 hexadecimal digits")
        }
    }

    /// A file that was fetched before.
    func file(_ name: String) -> String? { commit().flatMap { file(name, commit: $0) } }

    /// A file of a commit, be it a link into `blobs` or, if there are no links, the contents themselves.
    ///
    /// - Parameter size: the size that the hub announces; a file of another size is incomplete.
    func file(_ name: String, commit: String, size: Int? = nil) -> String? {
        guard Self.isCommit(commit), ShardedIndex.isPlainFileName(name) else { return nil }
        let path = "\(snapshot(commit))/\(name)"
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return size == nil || Int(status.st_size) == size ? path : nil
    }

    /// Records which commit the revision stands for.
    func note(commit: String) async throws {
        guard commit != id.revision, commit != self.commit() else { return }
        let path = "\(folder)/refs/\(id.revision)"
        // Several processes may record it at the same time.
        let lock = try await lock("refs")
        defer { withExtendedLifetime(lock) {} }
        try make(PathParts.parent(of: path))
        do { try DurableFiles.write(commit, to: path) } catch { throw HubError.cache("\(error)") }
    }

    /// Links a snapshot's file to its contents. Where there are no symbolic links, contents that have just come are
    /// moved there and others copied, as huggingface_hub does it.
    ///
    /// - Parameter isNew: whether the contents were fetched just now, so that no other snapshot uses them.
    func link(_ name: String, commit: String, etag: String, isNew: Bool) throws(HubError) -> String {
        try Self.check(name, commit: commit)
        let path = "\(snapshot(commit))/\(name)"
        try make(snapshot(commit))
        do {
            if try link(path, to: "../../blobs/\(etag)") { return path }
            if isNew {
                try DurableFiles.move(blob(etag), to: path)
            } else {
                try DurableFiles.copy(blob(etag), to: path, replacesLink: true)
            }
        } catch {
            throw .cache("\(error)")
        }
        return path
    }

    /// Makes a symbolic link; false if the file system has none.
    private func link(_ path: String, to target: String) throws(FileError) -> Bool {
        if avoidsLinks { return false }
        do {
            try DurableFiles.link(path, to: target)
            return true
        } catch {
            // EPERM is what the system says of file systems without links, and EACCES of some shares.
            guard [EPERM, EACCES, ENOSYS, EOPNOTSUPP, ENOTSUP, EINVAL].contains(error.code) else { throw error }
            StandardError.warnOnce(
                "links",
                "\(cache): this file system has no symbolic links (\(error.message)); files are moved or copied")
            return false
        }
    }

    /// Where the converted weights of a commit are.
    func conversion(_ commit: String) -> String { "\(folder)/bertqa/\(commit)" }

    /// Whether the weights of the revision have been converted before.
    var hasConversion: Bool {
        guard let commit = commit() else { return false }
        return FileManager.default.fileExists(atPath: "\(conversion(commit))/model.safetensors")
    }

    /// Links a file of a commit into the folder of its converted weights.
    func linkConversion(_ name: String, commit: String) throws(HubError) {
        try Self.check(name, commit: commit)
        let path = "\(conversion(commit))/\(name)"
        if FileManager.default.fileExists(atPath: path) { return }
        try make(conversion(commit))
        do {
            if try link(path, to: "../../snapshots/\(commit)/\(name)") { return }
            try DurableFiles.copy("\(snapshot(commit))/\(name)", to: path, replacesLink: true)
        } catch {
            throw .cache("\(error)")
        }
    }

    /// Takes the lock of a blob, so that of several processes one fetches it. Waits for the others.
    func lock(_ etag: String) async throws -> FileLock {
        let folder = "\(cache)/.locks/\(id.cacheFolder)"
        try make(folder)
        return try await Self.lock(path: "\(folder)/\(etag).lock")
    }

    /// Takes a lock, and waits for other processes.
    static func lock(path: String) async throws -> FileLock {
        do {
            return try await FileLock.waiting(path: path)
        } catch let error as FileError {
            throw HubError.cache("\(error)")
        }
    }

    func make(_ folder: String) throws(HubError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .cache("\(folder): \(FileError.reason(error))")
        }
    }

    /// Whether a file is what its etag says: SHA-256 of large files, git's own SHA-1 of small ones.
    static func isWhole(_ path: String, etag: String) throws(HubError) -> Bool {
        do {
            switch etag.utf8.count {
            case 64: return try FileDigest.sha256(path: path) == etag.lowercased()
            case 40: return try FileDigest.gitBlob(path: path) == etag.lowercased()
            default: return true
            }
        } catch {
            throw .cache("\(error)")
        }
    }
}
