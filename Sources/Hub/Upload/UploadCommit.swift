import Foundation
import StrictJSON

/// A commit: what is to be on a branch.
struct UploadCommit: Sendable {
    let repository: HubRepository
    let files: [UploadedFile]
    let progress: @Sendable (Hub.Progress) -> Void

    /// The most bytes of a file that goes into git itself. The hub takes ten million.
    private static let largestInGit = 32 << 20

    private var id: HubModelID { repository.id }

    /// What a branch has otherwise.
    private struct Difference {
        /// Files that are new or have other contents, and whether the hub keeps them in its store for large files.
        var changed: [(file: UploadedFile, isLarge: Bool)] = []
        /// Parts of another model.
        var stale: [String] = []

        var isEmpty: Bool { changed.isEmpty && stale.isEmpty }
    }

    /// Sends what differs, and commits it.
    ///
    /// A commit whose answer is lost may have been made. So what differs is computed again before the next try.
    ///
    /// - Parameter branch: what was there.
    /// - Returns: the commit's name in git; nil if everything is there already.
    func send(to branch: HubRepository.Branch) async throws -> String? {
        let first = try await difference(branch)
        for change in first.changed where change.isLarge {
            let large = LargeFiles(api: repository.api, id: id, progress: progress)
            try await large.send(change.file)
        }
        for file in files { try file.contents.checkUnchanged() }
        return try await repository.api.backoff.run { attempt in
            let rest = attempt == 0 ? first : try await difference(try await repository.branch(), isOnce: true)
            return rest.isEmpty ? nil : try await commit(rest)
        }
    }

    /// Asks which files the branch has, and where the others belong.
    private func difference(_ branch: HubRepository.Branch, isOnce: Bool = false) async throws -> Difference {
        let names = Set(files.map(\.name))
        var difference = Difference()
        difference.stale = branch.files.filter { ModelFolder.isPartOfModel($0) && !names.contains($0) }
        let list = files.map { file -> JSONValue in
            [
                "path": .string(file.name), "size": .int(file.size),
                "sample": .string(Data(file.sample).base64EncodedString()),
            ]
        }
        let reply = try await repository.api.call(
            .POST, path("preupload"), .json(["files": .array(list)]), isOnce: isOnce)
        guard reply.isSuccess else { throw HubRepository.failure(reply, id, doing: "take its files") }
        var answers: [String: JSONValue] = [:]
        for answer in reply.json["files"]?.array ?? [] {
            if let path = answer["path"]?.string { answers[path] = answer }
        }
        for file in files {
            if let isLarge = try isLarge(file, answers[file.name]) { difference.changed.append((file, isLarge)) }
        }
        return difference
    }

    /// Whether the hub wants a file in its store for large ones; nil if the branch has its contents.
    private func isLarge(_ file: UploadedFile, _ answer: JSONValue?) throws -> Bool? {
        guard let answer, let mode = answer["uploadMode"]?.string, ["lfs", "regular"].contains(mode) else {
            throw HubError.untrusted("\(id) does not say where \(file.name) belongs")
        }
        if answer["shouldIgnore"]?.bool == true {
            throw HubError.refused("\(id): its .gitignore excludes \(file.name); nothing was committed")
        }
        // The store cannot keep nothing.
        let isLarge = mode == "lfs" && file.size > 0
        guard isLarge || file.size <= Self.largestInGit else {
            throw HubError.untrusted("\(id) wants \(file.name), \(file.size) bytes, in git itself")
        }
        let there = answer["oid"]?.string
        return there == (isLarge ? file.sha256 : file.gitName) ? nil : isLarge
    }

    private func commit(_ difference: Difference) async throws -> String {
        let content = HubAPI.Content(
            type: "application/x-ndjson", answerType: "application/json", bytes: .init(string: body(difference)))
        let reply = try await repository.api.call(.POST, path("commit"), content, isOnce: true)
        guard reply.isSuccess else { throw HubRepository.failure(reply, id, doing: "take the commit") }
        guard let commit = reply.json["commitOid"]?.string, HubCache.isCommit(commit) else {
            throw HubError.untrusted("\(reply.address) does not answer with a commit")
        }
        return commit
    }

    /// The commit, one object a line.
    private func body(_ difference: Difference) -> String {
        var lines: [(key: String, value: JSONValue)] = [
            ("header", ["summary": "Upload a model with bertqa", "description": ""])
        ]
        for (file, isLarge) in difference.changed {
            lines.append(isLarge ? ("lfsFile", Self.pointer(file)) : ("file", Self.contents(file)))
        }
        for name in difference.stale { lines.append(("deletedFile", ["path": .string(name)])) }
        return lines.map { line in
            let object: JSONValue = ["key": .string(line.key), "value": line.value]
            return object.serialized() + "\n"
        }.joined()
    }

    private static func pointer(_ file: UploadedFile) -> JSONValue {
        ["path": .string(file.name), "algo": "sha256", "oid": .string(file.sha256), "size": .int(file.size)]
    }

    private static func contents(_ file: UploadedFile) -> JSONValue {
        let base64 = file.contents.withBytes { Data($0).base64EncodedString() }
        return ["path": .string(file.name), "encoding": "base64", "content": .string(base64)]
    }

    private func path(_ call: String) -> String {
        "/api/models/\(id.repository)/\(call)/\(HubClient.percentEncoded(id.revision))"
    }
}
