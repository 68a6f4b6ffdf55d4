import Files
import Folders
import Foundation
import StrictJSON

/// Brings the documents of a folder up to date: reads what is new or changed, and removes what is gone.
package struct FolderIndexing {
    /// What became of the files.
    package struct Report: Sendable {
        /// Files whose text was stored for the first time.
        package var added = 0
        /// Files whose text took the place of an earlier one.
        package var changed = 0
        /// Files that had not changed.
        package var unchanged = 0
        /// Files that are gone, and their documents with them.
        package var removed = 0
        /// Files of kinds that are not read.
        package var otherFiles = 0
        /// Symbolic links that lead out of the folder and were not followed.
        package var linksOut = 0
        /// Passages that were stored.
        package var passages = 0
        /// Bytes of text that were stored.
        package var bytes = 0
        /// What was left out.
        package var problems: [FileProblem] = []
        /// Whether it was interrupted; what had been read by then is stored.
        package var isInterrupted = false
    }

    /// How far it is.
    package enum Progress: Sendable {
        /// So many files were looked at, of so many.
        case looked(Int, of: Int)
        /// A file is left out.
        case problem(FileProblem)
    }

    /// Names of metadata that all documents of folders have.
    package static let ownMetadata = ["collection", "kind"]

    private let store: any DocumentStore
    private let folder: String
    private let name: String
    private let metadata: JSONObject
    private let followsLinksOut: Bool
    private let reader: FolderReader
    private var report = Report()
    private var known: [ExactString: FileRecord] = [:]
    private var changes: [FileChange] = []
    private var pending = (bytes: 0, passages: 0)

    /// Bytes of text that are stored in one transaction.
    private static let transactionBytes = 8_000_000
    /// Files that are recorded in one transaction.
    private static let transactionFiles = 500
    /// A file that changed so recently may change again without a later time, in nanoseconds.
    private static let doubtful = 2_000_000_000

    /// - Parameters:
    ///   - folder: the folder's whole path.
    ///   - collection: its name in the store; documents' ids begin with it.
    ///   - metadata: what all its documents get besides `ownMetadata`.
    ///   - followsLinksOut: whether symbolic links are followed that lead out of the folder.
    ///   - searchPath: where other programs are looked for, as in `PATH`.
    package init(
        store: any DocumentStore, folder: String, collection: String, metadata: JSONObject = JSONObject([]),
        limits: FolderReader.Limits = FolderReader.Limits(), followsLinksOut: Bool = false, searchPath: String?
    ) {
        (self.store, self.folder, name, self.metadata) = (store, folder, collection, metadata)
        self.followsLinksOut = followsLinksOut
        reader = FolderReader(folder: folder, limits: limits, searchPath: searchPath)
    }

    /// Does it.
    ///
    /// - Parameters:
    ///   - isInterrupted: asked before each file.
    ///   - onProgress: called for each file.
    /// - Throws: `FileError` for the folder, `DocumentStoreError`.
    package mutating func run(
        isInterrupted: () -> Bool = { false }, onProgress: (Progress) -> Void = { _ in }
    ) async throws -> Report {
        let listing = try FolderListing(folder: folder, followsLinksOut: followsLinksOut)
        known = try await store.collection(name)?.files ?? [:]
        (report.otherFiles, report.linksOut) = (listing.otherFiles, listing.linksOut)
        for problem in listing.problems { leaveOut(problem, onProgress) }
        for (index, file) in listing.files.enumerated() {
            if isInterrupted() {
                report.isInterrupted = true
                break
            }
            do { try await look(at: file, isInterrupted, onProgress) } catch let problem as FileProblem {
                if isInterrupted() { continue }
                leaveOut(problem, onProgress)
            }
            onProgress(.looked(index + 1, of: listing.files.count))
        }
        if !report.isInterrupted { removeGone(listing) }
        try await applyChanges(onProgress)
        return report
    }

    private mutating func look(
        at file: FolderFile, _ isInterrupted: () -> Bool, _ onProgress: (Progress) -> Void
    ) async throws {
        let id = try documentID(of: file)
        let before = known[ExactString(file.path)]
        if let before, before.document == id, before.size == file.size, before.modified == file.modified {
            report.unchanged += 1
            return
        }
        let now = Int(Date().timeIntervalSince1970 * 1e9)
        let digest = try reader.digest(file)
        let record = FileRecord(
            path: file.path, document: id, size: file.size,
            modified: now - file.modified < Self.doubtful ? 0 : file.modified, digest: digest)
        if let before, before.document == id, before.digest == digest {
            report.unchanged += 1
            if before != record { try await add(.keep(record), onProgress) }
            return
        }
        let read = try reader.read(file, isCancelled: isInterrupted)
        let document = document(id, file, read)
        if before == nil { report.added += 1 } else { report.changed += 1 }
        pending.bytes += document.text.utf8.count
        pending.passages += document.passages.count
        try await add(.store(document, record), onProgress)
    }

    private func documentID(of file: FolderFile) throws(FileProblem) -> DocumentID {
        do { return try DocumentID("\(name)/\(file.path)") } catch {
            throw FileProblem(path: file.path, reason: "its path cannot be an id: \(error)")
        }
    }

    private func document(_ id: DocumentID, _ file: FolderFile, _ read: FileText) -> NewDocument {
        var document = NewDocument(id: id, text: read.text, passages: Passage.split(read.text))
        let fileName = file.path.split(separator: "/").last.map(String.init) ?? file.path
        document.title = Self.cut(read.title ?? fileName, to: DocumentFields.limits.title)
        let source = "\(folder)/\(file.path)"
        document.source = source.utf8.count <= DocumentFields.limits.source ? source : nil
        document.metadata = JSONObject(
            [("collection", .string(name)), ("kind", .string(file.kind.rawValue))]
                + metadata.map { ($0.key, $0.value) })
        return document
    }

    /// A title of at most so many bytes, without control characters.
    private static func cut(_ title: String, to limit: Int) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        for scalar in title.unicodeScalars where scalar.properties.generalCategory != .control {
            count += UTF8.width(scalar)
            if count > limit { break }
            result.append(scalar)
        }
        return String(result)
    }

    private mutating func removeGone(_ listing: FolderListing) {
        var present = Set(listing.files.map { ExactString($0.path) })
        // What cannot be looked at just now is not gone.
        for problem in listing.problems { present.insert(ExactString(problem.path)) }
        for path in known.keys where !present.contains(path) {
            guard !listing.unreadFolders.contains(where: { path.text.utf8.starts(with: $0.utf8) }) else { continue }
            changes.append(.remove(path: path.text))
            report.removed += 1
        }
    }

    private mutating func add(_ change: FileChange, _ onProgress: (Progress) -> Void) async throws {
        changes.append(change)
        if pending.bytes >= Self.transactionBytes || changes.count >= Self.transactionFiles {
            try await applyChanges(onProgress)
        }
    }

    private mutating func applyChanges(_ onProgress: (Progress) -> Void) async throws {
        let refused = Set(try await store.apply(changes, to: name, folder: folder).map { ExactString($0) })
        for change in changes {
            guard case .store(let document, let record) = change, refused.contains(ExactString(record.path)) else {
                continue
            }
            if known[ExactString(record.path)] == nil { report.added -= 1 } else { report.changed -= 1 }
            pending.bytes -= document.text.utf8.count
            pending.passages -= document.passages.count
            leaveOut(
                FileProblem(
                    path: record.path,
                    reason: "a document '\(record.document.text)' is stored that was not read from this collection; "
                        + "delete it, or name another collection"), onProgress)
        }
        report.bytes += pending.bytes
        report.passages += pending.passages
        changes.removeAll(keepingCapacity: true)
        pending = (0, 0)
    }

    private mutating func leaveOut(_ problem: FileProblem, _ onProgress: (Progress) -> Void) {
        report.problems.append(problem)
        onProgress(.problem(problem))
    }
}
