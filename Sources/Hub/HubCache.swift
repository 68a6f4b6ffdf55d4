import Checkpoints
import Crypto
import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// A repository in the hub's cache, in the layout of huggingface_hub:
///
///     models--owner--name/refs/main                  the commit that a revision stands for
///     models--owner--name/blobs/<etag>               contents, by their checksum
///     models--owner--name/snapshots/<commit>/<file>  links into blobs
///     models--owner--name/bertqa/<commit>/<file>     ours: converted weights, and links into the snapshot
struct HubCache: Sendable {
    let cache: String
    let id: HubModelID

    var folder: String { "\(cache)/\(id.cacheFolder)" }

    func blob(_ etag: String) -> String { "\(folder)/blobs/\(etag)" }

    func snapshot(_ commit: String) -> String { "\(folder)/snapshots/\(commit)" }

    /// The commit that the revision stood for when it was last fetched.
    func commit() -> String? {
        if FileManager.default.fileExists(atPath: snapshot(id.revision)) { return id.revision }
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
    func file(_ name: String) -> String? {
        guard let commit = commit(), ShardedIndex.isPlainFileName(name) else { return nil }
        let path = "\(snapshot(commit))/\(name)"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// Notes which commit the revision stands for.
    func note(commit: String) throws(HubError) {
        guard commit != id.revision else { return }
        let path = "\(folder)/refs/\(id.revision)"
        try make((path as NSString).deletingLastPathComponent)
        do {
            try Data(commit.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .cache("\(path): \(error.localizedDescription)")
        }
    }

    /// Links a snapshot's file to its contents.
    func link(_ name: String, commit: String, etag: String) throws(HubError) -> String {
        try Self.check(name, commit: commit)
        let path = "\(snapshot(commit))/\(name)"
        try make(snapshot(commit))
        let target = "../../blobs/\(etag)"
        if (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == target { return path }
        // Beside its place and then renamed: another process may be reading the old one.
        let temporary = "\(path).\(getpid())"
        unlink(temporary)
        guard symlink(target, temporary) == 0, rename(temporary, path) == 0 else {
            throw .cache("\(path): \(String(cString: strerror(errno)))")
        }
        return path
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
        try make(conversion(commit))
        let target = "../../snapshots/\(commit)/\(name)"
        if (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == target { return }
        guard symlink(target, path) == 0 else { throw .cache("\(path): \(String(cString: strerror(errno)))") }
    }

    /// Takes the lock of a blob, so that of several processes one fetches it. Waits for the others.
    func lock(_ etag: String) async throws -> FileLock {
        let folder = "\(cache)/.locks/\(id.cacheFolder)"
        try make(folder)
        return try await FileLock(path: "\(folder)/\(etag).lock")
    }

    func make(_ folder: String) throws(HubError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .cache("\(folder): \(error.localizedDescription)")
        }
    }

    /// Whether a file is what its etag says: SHA-256 of large files, git's own SHA-1 of small ones.
    static func isWhole(_ path: String, etag: String) throws(HubError) -> Bool {
        let contents: Data
        do {
            contents = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw .cache("\(path): \(error.localizedDescription)")
        }
        switch etag.utf8.count {
        case 64: return SHA256.hash(data: contents).hexadecimal == etag.lowercased()
        case 40:
            var hash = Insecure.SHA1()
            hash.update(data: Data("blob \(contents.count)\0".utf8))
            hash.update(data: contents)
            return hash.finalize().hexadecimal == etag.lowercased()
        default: return true
        }
    }
}

extension Sequence<UInt8> {
    fileprivate var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}

/// A lock between processes, held until it is released.
final class FileLock: Sendable {
    private let descriptor: Int32

    init(path: String) async throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw HubError.cache("\(path): \(String(cString: strerror(errno)))") }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw HubError.cache("\(path): \(String(cString: strerror(errno)))")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    deinit {
        close(descriptor)
    }
}
