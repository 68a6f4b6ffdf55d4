import Files
import Foundation

/// A file of a folder that has a text.
package struct FolderFile: Sendable, Hashable {
    /// Its place below the folder, with `/` between the names.
    package let path: String
    package let kind: TextFileKind
    package let size: Int
    /// When its contents changed last, in nanoseconds since 1970.
    package let modified: Int
}

/// What is in a folder and the folders below it. Names that begin with a dot are left out.
package struct FolderListing: Sendable {
    /// The files whose text can be read, in the order of their names' bytes.
    package private(set) var files: [FolderFile] = []
    /// What could not be looked at.
    package private(set) var problems: [FileProblem] = []
    /// Folders below this one that could not be read, with `/` at their ends: nobody knows what they hold.
    package private(set) var unreadFolders: [String] = []
    /// Files of other kinds.
    package private(set) var otherFiles = 0

    /// Symbolic links that lead out of the folder and were not followed.
    package private(set) var linksOut = 0

    /// Folders below folders that are looked through.
    private static let deepest = 64
    /// The folder's path without symbolic links.
    private let root: String
    private let followsLinksOut: Bool
    /// Folders that were looked through. Each is so once: links could lead to one in any number of ways.
    private var seen: Set<Place> = []
    /// Links to folders that are still to be followed.
    private var links: [(path: String, place: String, status: stat)] = []

    private struct Place: Hashable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) { (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino)) }
    }

    /// Looks through a folder.
    ///
    /// - Parameter followsLinksOut: whether symbolic links are followed that lead out of the folder.
    /// - Throws: `FileError` if the folder itself is missing, is not a folder or cannot be read.
    package init(folder: String, followsLinksOut: Bool = false) throws(FileError) {
        var status = stat()
        guard stat(folder, &status) == 0, let root = Self.realPath(folder) else {
            throw FileError(path: folder, code: errno)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError(path: folder, message: "is not a folder; name the folder with the texts")
        }
        (self.root, self.followsLinksOut) = (root, followsLinksOut)
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw FileError(path: folder, error)
        }
        seen = [Place(status)]
        add(names, of: folder, below: "")
        // What lies in the folder itself comes first, so that links to it find it seen.
        while !links.isEmpty {
            let link = links.removeFirst()
            addFolder(link.path, at: link.place, link.status)
        }
        files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        problems.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    private mutating func add(_ names: [String], of folder: String, below prefix: String) {
        // Sorted, so that of several links to a folder the same one is followed every time.
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
            add(prefix + name, name: name, at: "\(folder)/\(name)")
        }
    }

    private mutating func add(_ path: String, name: String, at place: String) {
        let kind = TextFileKind(fileName: name)
        var status = stat()
        guard stat(place, &status) == 0 else {
            addUnknown(path, name, code: errno, isText: kind != nil)
            return
        }
        let isLink = Self.isLink(place)
        let type = status.st_mode & S_IFMT
        if isLink, type == S_IFDIR || kind != nil, !follows(place) {
            linksOut += 1
        } else if type == S_IFDIR {
            if isLink { links.append((path, place, status)) } else { addFolder(path, at: place, status) }
        } else if let kind {
            if type == S_IFREG {
                files.append(
                    FolderFile(path: path, kind: kind, size: Int(status.st_size), modified: status.modified))
            } else {
                problems.append(FileProblem(path: path, reason: "is not a regular file"))
            }
        } else if type == S_IFREG {
            otherFiles += 1
        }
    }

    /// Something that cannot be looked at: it may be a folder.
    private mutating func addUnknown(_ path: String, _ name: String, code: Int32, isText: Bool) {
        // Foundation puts this sign in the place of bytes that are not UTF-8.
        let isNamedWrongly = code == ENOENT && name.unicodeScalars.contains("\u{FFFD}")
        // A broken link to something that would not be read anyway does not matter.
        guard isText || isNamedWrongly || code != ENOENT else { return }
        let reason = isNamedWrongly ? "its name is not UTF-8; rename it" : Self.reason(code)
        problems.append(FileProblem(path: path, reason: reason))
        if code != ENOENT { unreadFolders.append(path + "/") }
    }

    private mutating func addFolder(_ path: String, at place: String, _ status: stat) {
        guard seen.insert(Place(status)).inserted else { return }
        let depth = path.utf8.count { $0 == UInt8(ascii: "/") } + 1
        guard depth <= Self.deepest else {
            leaveOut(path, "lies \(depth) folders deep; at most \(Self.deepest) are looked through")
            return
        }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: place) } catch {
            leaveOut(path, "the folder cannot be read: \(FileError.reason(error))")
            return
        }
        add(names, of: place, below: path + "/")
    }

    /// Whether a link is followed: it stays in the folder, or may lead out of it.
    private func follows(_ link: String) -> Bool {
        // What cannot be told does not stay in the folder.
        followsLinksOut || Self.realPath(link).map { ($0 + "/").hasPrefix(root == "/" ? root : root + "/") } ?? false
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    private static func realPath(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(validatingCString: found)
    }

    private mutating func leaveOut(_ path: String, _ reason: String) {
        problems.append(FileProblem(path: path + "/", reason: reason))
        unreadFolders.append(path + "/")
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ELOOP: "its symbolic links lead in a circle"
        case ENOENT: "is a symbolic link that leads nowhere, or was removed just now"
        default: FileError.reason(code)
        }
    }
}

extension stat {
    /// When the contents changed last, in nanoseconds since 1970.
    var modified: Int {
        #if canImport(Darwin)
            let time = st_mtimespec
        #else
            let time = st_mtim
        #endif
        return Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
    }
}
