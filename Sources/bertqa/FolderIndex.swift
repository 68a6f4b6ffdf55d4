import Console
import Files
import Folders
import Foundation
import Retrieval
import StrictJSON

/// Reads a folder into a database, with progress on standard error.
struct FolderIndex {
    let store: any DocumentStore
    let folder: String
    /// The folder's name in the database.
    let collection: String
    var metadata = JSONObject([])
    var limits = FolderReader.Limits()
    var followsLinksOut = false
    /// Whether the collection's folder was another one before.
    var isMoved = false
    /// Whether the database may have folders of other machines.
    var isShared = false

    /// The whole path of a folder, without symbolic links.
    ///
    /// - Throws: `FileError` if it is not there.
    static func wholePath(_ folder: String) throws(FileError) -> String {
        guard let path = realpath(folder, nil) else { throw FileError(path: folder, code: errno) }
        defer { free(path) }
        guard let text = String(validatingCString: path) else {
            throw FileError(path: folder, message: "its path is not UTF-8; rename the folder")
        }
        return text
    }

    /// A collection's name where none is given: the folder's own.
    static func name(of folder: String) -> String {
        let name = URL(fileURLWithPath: folder).lastPathComponent
        return name.isEmpty || name == "/" ? "root" : name
    }

    /// Brings the database up to date.
    ///
    /// - Throws: `FileError`, `DocumentStoreError`.
    func update(_ interrupt: InterruptFlag) async throws -> FolderIndexing.Report {
        try await checkFolder()
        var indexing = FolderIndexing(
            store: store, folder: folder, collection: collection, metadata: metadata, limits: limits,
            followsLinksOut: followsLinksOut, searchPath: ProcessInfo.processInfo.environment["PATH"])
        let meter = FolderMeter()
        defer { meter.finish() }
        return try await indexing.run(isInterrupted: { interrupt.isRaised }, onProgress: meter.show)
    }

    /// Two folders with one name must not take the place of each other. One that is not there any more was moved,
    /// unless it may be another machine's.
    private func checkFolder() async throws {
        guard !isMoved, let known = try await store.collection(collection), known.folder != folder,
            isShared || FileManager.default.fileExists(atPath: known.folder)
        else { return }
        throw FileError(
            path: folder, kind: .contents,
            message: "the database has a collection '\(collection)' of another folder, \(known.folder); "
                + "give this one a name with --collection, or say --moved if it is the same folder")
    }
}

/// Shows how far a folder is read.
private final class FolderMeter {
    private var meter = RowMeter(unit: "files")

    func show(_ progress: FolderIndexing.Progress) {
        switch progress {
        case .looked(let done, let total): meter.show(done: done, of: total)
        case .problem(let problem): meter.say("left out: \(problem)")
        }
    }

    func finish() { meter.finish() }
}

extension FolderIndexing.Report {
    /// What happened, as a sentence or a few lines.
    func text(_ collection: String, seconds: Double) -> String {
        let files = added + changed + unchanged
        var lines = [
            "\(collection): \(Figures.count(files, "file")) "
                + "(\(added) new, \(changed) changed, \(unchanged) as before), \(removed) removed; "
                + "\(Figures.count(passages, "passage")) stored in \(Figures.fixed(seconds, 1)) s"
        ]
        if otherFiles > 0 { lines.append("\(Figures.count(otherFiles, "file")) of other kinds not read") }
        if linksOut > 0 {
            lines.append("\(Figures.count(linksOut, "symbolic link")) out of the folder not followed (--follow-links)")
        }
        if !problems.isEmpty { lines.append("\(Figures.count(problems.count, "file")) left out:") }
        var counts: [(reason: String, count: Int)] = []
        for problem in problems {
            if let index = counts.firstIndex(where: { $0.reason == problem.reason }) {
                counts[index].count += 1
            } else if counts.count < 20 {
                counts.append((problem.reason, 1))
            }
        }
        lines += counts.map { "  \($0.count): \($0.reason)" }
        return lines.joined(separator: "\n")
    }

    /// The same as JSON.
    func json(_ collection: String, seconds: Double) -> JSONValue {
        .object(
            JSONObject([
                ("collection", .string(collection)), ("added", .int(added)), ("changed", .int(changed)),
                ("unchanged", .int(unchanged)), ("removed", .int(removed)), ("other_files", .int(otherFiles)),
                ("links_not_followed", .int(linksOut)),
                ("passages", .int(passages)), ("bytes", .int(bytes)), ("seconds", .double(seconds)),
                (
                    "left_out",
                    .array(
                        problems.map {
                            .object(JSONObject([("path", .string($0.path)), ("reason", .string($0.reason))]))
                        })
                ),
            ]))
    }
}
