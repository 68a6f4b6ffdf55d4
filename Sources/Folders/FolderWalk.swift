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

    /// Folders below folders that are followed.
    private static let deepest = 64
    private var above: [Place] = []

    private struct Place: Hashable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) { (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino)) }
    }

    /// Looks through a folder. Symbolic links are followed, but not into a folder that they are in.
    ///
    /// - Throws: `FileError` if the folder itself is missing, is not a folder or cannot be read.
    package init(folder: String) throws(FileError) {
        var status = stat()
        guard stat(folder, &status) == 0 else { throw FileError(path: folder, code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError(path: folder, message: "is not a folder; name the folder with the texts")
        }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw FileError(path: folder, error)
        }
        above = [Place(status)]
        add(names, of: folder, below: "")
    }

    private mutating func add(_ names: [String], of folder: String, below prefix: String) {
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
            add(prefix + name, name: name, folder: folder)
        }
    }

    private mutating func add(_ path: String, name: String, folder: String) {
        let kind = TextFileKind(fileName: name)
        var status = stat()
        guard stat("\(folder)/\(name)", &status) == 0 else {
            let code = errno
            // A broken link to something that would not be read anyway does not matter.
            if kind != nil || code == ELOOP {
                problems.append(FileProblem(path: path, reason: Self.reason(code, name)))
            }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: addFolder(path, at: "\(folder)/\(name)", status)
        case S_IFREG:
            guard let kind else {
                otherFiles += 1
                return
            }
            files.append(
                FolderFile(path: path, kind: kind, size: Int(status.st_size), modified: status.modified))
        default:
            if kind != nil { problems.append(FileProblem(path: path, reason: "is not a regular file")) }
        }
    }

    private mutating func addFolder(_ path: String, at place: String, _ status: stat) {
        let here = Place(status)
        guard !above.contains(here) else {
            problems.append(
                FileProblem(
                    path: path + "/", reason: "is a symbolic link to a folder that it is in; it is not followed"))
            return
        }
        guard above.count <= Self.deepest else {
            leaveOut(path, "lies \(above.count) folders deep; at most \(Self.deepest) are followed")
            return
        }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: place) } catch {
            leaveOut(path, "the folder cannot be read: \(FileError.reason(error))")
            return
        }
        above.append(here)
        add(names, of: place, below: path + "/")
        above.removeLast()
    }

    private mutating func leaveOut(_ path: String, _ reason: String) {
        problems.append(FileProblem(path: path + "/", reason: reason))
        unreadFolders.append(path + "/")
    }

    private static func reason(_ code: Int32, _ name: String) -> String {
        switch code {
        case ELOOP: "its symbolic links lead in a circle"
        // Foundation puts this sign in the place of bytes that are not UTF-8.
        case ENOENT where name.unicodeScalars.contains("\u{FFFD}"): "its name is not UTF-8; rename the file"
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
