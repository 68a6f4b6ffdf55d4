import Files
import Foundation

/// The part of a hub that takes uploads. It checks each call as the hub itself does, and notes what is wrong with it.
///
/// - Source: the calls of huggingface_hub 1.33 (`hf_api.py`, `_commit_api.py`, `lfs.py`), Git LFS's batch API, and what
///   Amazon's S3 asks of requests to signed addresses. `HubUploadTests` lets huggingface_hub itself upload to it.
package struct UploadDesk: Sendable {
    /// A repository: the files of each branch.
    package struct Repository: Sendable {
        package var isPrivate = false
        package var branches: [String: [String: Data]] = ["main": [".gitattributes": Data()]]
        package var commits = 0

        package init() {}
    }

    /// What is answered to a request.
    package struct Reply {
        package var code = 200
        package var headers: [String: String] = [:]
        package var body = Data()
    }

    private struct Parts {
        let oid: String
        let size: Int
        var parts: [Int: Data] = [:]
    }

    package var repositories: [String: Repository] = [:]
    /// The token that may write, and whose it is.
    package var token = "secret"
    package var user = "owner"
    /// Whether the token may make repositories.
    package var mayCreate = true
    /// Large contents by their SHA-256.
    package var store: [String: Data] = [:]
    /// Names that go into the store.
    package var large: Set<String> = ["model.safetensors"]
    /// Names that the repository's .gitignore leaves out.
    package var ignored: Set<String> = []
    /// Bytes of a part; nil takes files in one piece.
    package var partSize: Int?
    /// Statuses that answer the next requests whose address contains a text.
    package var failures: [String: [Int]] = [:]
    /// Bytes of a body after which the connection is cut, for the next requests whose address contains a text.
    package var cuts: [String: [Int]] = [:]
    /// Parts of addresses whose next request is answered with silence, once it has had its effect.
    package var silences: [String] = []
    /// Answers that are sent instead of what is right, by a part of the address.
    package var lies: [String: String] = [:]
    /// Names of repositories that have changed: requests for them are redirected to another address.
    package var moves: [String: String] = [:]
    /// What was wrong with requests.
    package var faults: [String] = []
    private var uploads: [String: Parts] = [:]
    private var signatures = 0

    package init() {}

    /// The next of a list that a part of an address has.
    package mutating func next(_ list: WritableKeyPath<UploadDesk, [String: [Int]]>, _ path: String) -> Int? {
        guard let key = self[keyPath: list].keys.first(where: { path.contains($0) }),
            let values = self[keyPath: list][key], let first = values.first
        else { return nil }
        self[keyPath: list][key] = Array(values.dropFirst())
        return first
    }

    /// Answers a request of an upload; nil for one that is none.
    package mutating func answer(_ request: LocalHub.Request, store: String, hub: String) -> Reply? {
        let parts = request.path.split(separator: "?", maxSplits: 1)[0].split(separator: "/").map(String.init)
        if let code = next(\.failures, request.path) { return Reply(code: code) }
        if let move = moves.first(where: { request.path.contains($0.key) }) {
            return Reply(code: 307, headers: ["Location": request.path.replacing(move.key, with: move.value)])
        }
        if let lie = lies.first(where: { request.path.contains($0.key) })?.value {
            return Reply(headers: ["Content-Type": "application/json"], body: Data(lie.utf8))
        }
        if parts.first == "bucket" { return put(request, Array(parts.dropFirst())) }
        if parts.first == "api", parts.dropFirst().first == "complete" { return complete(request, parts.last ?? "") }
        guard parts.first == "api" || request.path.contains(".git/info/lfs/") else { return nil }
        guard request.headers["authorization"] == "Bearer \(token)" else {
            return Self.refusal(401, "Invalid username or password.")
        }
        if parts == ["api", "repos", "create"] { return create(request, hub) }
        if parts == ["api", "whoami-v2"] { return Self.json(["name": user, "type": "user"]) }
        if parts == ["api", "validate-yaml"] { return Self.json(["errors": [Any](), "warnings": [Any]()]) }
        if let place = request.path.range(of: ".git/info/lfs/") {
            let id = String(request.path[..<place.lowerBound].dropFirst())
            return large(request, id, String(request.path[place.upperBound...]), store, hub)
        }
        guard parts.count >= 4, parts[1] == "models" else { return fault("an unknown address \(request.path)") }
        return model(request, "\(parts[2])/\(parts[3])", Array(parts.dropFirst(4)), hub)
    }

    // MARK: - Repositories

    private mutating func create(_ request: LocalHub.Request, _ hub: String) -> Reply {
        guard let json = object(request), json["type"] as? String ?? "model" == "model",
            let name = json["name"] as? String, let owner = json["organization"] as? String
        else { return fault("create: \(request.text)", 400) }
        if !mayCreate { return Self.refusal(403, "You don't have the rights to create a model") }
        guard owner == user else { return Self.refusal(403, "You don't have the rights under the namespace \(owner)") }
        let id = "\(owner)/\(name)"
        let answer: [String: Any] = ["url": "\(hub)/\(id)", "name": id]
        if repositories[id] != nil {
            return Self.refusal(409, "You already created this model repo", members: answer)
        }
        repositories[id] = Repository()
        repositories[id]?.isPrivate = json["visibility"] as? String == "private"
        return Self.json(answer)
    }

    private mutating func model(_ request: LocalHub.Request, _ id: String, _ rest: [String], _ hub: String) -> Reply {
        guard let repository = repositories[id] else {
            return Self.refusal(404, "Repository not found", "RepoNotFound")
        }
        if rest.isEmpty { return info(id, repository, "main") }
        guard rest.count == 2, let revision = rest[1].removingPercentEncoding else {
            return fault("an unknown address \(request.path)")
        }
        if rest[0] == "branch" {
            guard request.method == "POST", object(request) != nil else { return fault("branch: \(request.text)", 400) }
            if revision.hasPrefix("refs/") { return Self.refusal(400, "Invalid reference for a branch") }
            if repository.branches[revision] != nil { return Self.refusal(409, "Reference already exists") }
            repositories[id]?.branches[revision] = repository.branches["main"]
            return Self.json([:])
        }
        guard repository.branches[revision] != nil else {
            return Self.refusal(404, "Invalid rev id: \(revision)", "RevisionNotFound")
        }
        switch (request.method, rest[0]) {
        case ("GET", "revision"): return info(id, repository, revision)
        case ("POST", "preupload"): return preupload(request, id, revision)
        case ("POST", "commit"): return commit(request, id, revision, hub)
        default: return fault("\(request.method) \(request.path)")
        }
    }

    private func info(_ id: String, _ repository: Repository, _ revision: String) -> Reply {
        let names = (repository.branches[revision] ?? [:]).keys.sorted()
        return Self.json([
            "id": id, "private": repository.isPrivate, "sha": LocalHub.commit,
            "siblings": names.map { ["rfilename": $0] },
        ])
    }

    private mutating func preupload(_ request: LocalHub.Request, _ id: String, _ revision: String) -> Reply {
        guard let files = object(request)?["files"] as? [[String: Any]], !files.isEmpty, files.count <= 256 else {
            return fault("preupload: \(request.text)", 400)
        }
        var answers: [[String: Any]] = []
        for file in files {
            guard let path = file["path"] as? String, let size = file["size"] as? Int,
                let sample = (file["sample"] as? String).flatMap({ Data(base64Encoded: $0) }),
                sample.count == min(512, size)
            else { return fault("preupload of \(file)", 400) }
            var answer: [String: Any] = [
                "path": path, "uploadMode": large.contains(path) ? "lfs" : "regular",
                "shouldIgnore": ignored.contains(path),
            ]
            if let there = repositories[id]?.branches[revision]?[path] {
                answer["oid"] = large.contains(path) ? Self.sha256(there) : Self.gitName(there)
            }
            answers.append(answer)
        }
        return Self.json(["files": answers])
    }

    // MARK: - Large files

    private mutating func large(
        _ request: LocalHub.Request, _ id: String, _ call: String, _ storeAddress: String, _ hub: String
    ) -> Reply {
        guard repositories[id] != nil else { return Self.refusal(404, "Repository not found", "RepoNotFound") }
        if call == "verify" {
            guard let json = object(request), let oid = json["oid"] as? String,
                store[oid]?.count == json["size"] as? Int
            else { return fault("verify: \(request.text)", 404) }
            return Self.json([:])
        }
        let type = "application/vnd.git-lfs+json"
        guard call == "objects/batch", request.headers["content-type"] == type, request.headers["accept"] == type,
            let json = object(request, type: type), json["operation"] as? String == "upload",
            let transfers = json["transfers"] as? [String], transfers.contains("basic"),
            transfers.contains("multipart"),
            json["hash_algo"] as? String == "sha256", let objects = json["objects"] as? [[String: Any]]
        else { return fault("batch: \(request.headers) \(request.text)", 400) }
        let answers = objects.map { entry -> [String: Any] in
            guard let oid = entry["oid"] as? String, let size = entry["size"] as? Int, size > 0 else {
                faults.append("batch: \(entry)")
                return [:]
            }
            var answer: [String: Any] = ["oid": oid, "size": size]
            if store[oid] == nil { answer["actions"] = actions(oid, size, id, storeAddress, hub) }
            return answer
        }
        return Self.json(["transfer": partSize == nil ? "basic" : "multipart", "objects": answers])
    }

    private mutating func actions(
        _ oid: String, _ size: Int, _ id: String, _ storeAddress: String, _ hub: String
    ) -> [String: Any] {
        signatures += 1
        let verify = ["href": "\(hub)/\(id).git/info/lfs/verify"]
        uploads["\(signatures)"] = Parts(oid: oid, size: size)
        guard let partSize else {
            return ["upload": ["href": "\(storeAddress)/bucket/\(signatures)?X-Amz-Signature=s"], "verify": verify]
        }
        var header = ["chunk_size": "\(partSize)"]
        for number in 1...((size - 1) / partSize + 1) {
            header["\(number)"] = "\(storeAddress)/bucket/\(signatures)/\(number)?X-Amz-Signature=s"
        }
        return ["upload": ["href": "\(hub)/api/complete/\(signatures)", "header": header], "verify": verify]
    }

    private mutating func put(_ request: LocalHub.Request, _ parts: [String]) -> Reply {
        guard request.method == "PUT", request.path.hasSuffix("?X-Amz-Signature=s"), let upload = uploads[parts[0]],
            request.headers["authorization"] == nil, request.headers["content-length"] == "\(request.body.count)"
        else { return fault("the store: \(request.method) \(request.path) \(request.headers)", 400) }
        guard parts.count > 1, let number = Int(parts[1]), let partSize else {
            guard request.body.count == upload.size, Self.sha256(request.body) == upload.oid else {
                return fault("the store: other contents than announced", 400)
            }
            store[upload.oid] = request.body
            return Reply(headers: ["ETag": "\"whole\""])
        }
        let last = (upload.size - 1) / partSize + 1
        guard request.body.count == (number == last ? upload.size - (last - 1) * partSize : partSize) else {
            return fault("the store: part \(number) has \(request.body.count) bytes", 400)
        }
        uploads[parts[0]]?.parts[number] = request.body
        return Reply(headers: ["ETag": "\"\(Self.sha256(request.body).prefix(32))\""])
    }

    private mutating func complete(_ request: LocalHub.Request, _ number: String) -> Reply {
        guard let upload = uploads[number], let json = object(request, type: "application/vnd.git-lfs+json"),
            json["oid"] as? String == upload.oid, let list = json["parts"] as? [[String: Any]],
            list.count == upload.parts.count
        else { return fault("complete: \(request.text)", 400) }
        var whole = Data()
        for (place, entry) in list.enumerated() {
            guard entry["partNumber"] as? Int == place + 1, let part = upload.parts[place + 1],
                entry["etag"] as? String == "\"\(Self.sha256(part).prefix(32))\""
            else { return fault("complete: part \(entry)", 400) }
            whole += part
        }
        guard Self.sha256(whole) == upload.oid else { return fault("complete: other contents than announced", 400) }
        store[upload.oid] = whole
        return Self.json([:])
    }

    // MARK: - Commits

    private mutating func commit(
        _ request: LocalHub.Request, _ id: String, _ revision: String, _ hub: String
    ) -> Reply {
        guard request.headers["content-type"] == "application/x-ndjson", request.body.last == UInt8(ascii: "\n") else {
            return fault("commit: \(request.headers)", 400)
        }
        let lines = request.body.split(separator: UInt8(ascii: "\n")).map { line in
            (try? JSONSerialization.jsonObject(with: line)) as? [String: Any] ?? [:]
        }
        guard lines.first?["key"] as? String == "header",
            let header = lines.first?["value"] as? [String: Any], let summary = header["summary"] as? String,
            !summary.isEmpty
        else { return fault("commit: no header", 400) }
        var files = repositories[id]?.branches[revision] ?? [:]
        for line in lines.dropFirst() {
            let value = line["value"] as? [String: Any] ?? [:]
            guard let path = value["path"] as? String else { return fault("commit: \(line)", 400) }
            switch line["key"] as? String {
            case "file":
                guard let content = value["content"] as? String, let data = Data(base64Encoded: content),
                    value["encoding"] as? String == "base64", !large.contains(path) || data.isEmpty
                else { return fault("commit: the file \(path)", 400) }
                files[path] = data
            case "lfsFile":
                guard let oid = value["oid"] as? String, value["algo"] as? String == "sha256",
                    let data = store[oid], data.count == value["size"] as? Int
                else { return fault("commit: \(path) is not in the store", 400) }
                files[path] = data
            case "deletedFile":
                guard files.removeValue(forKey: path) != nil else {
                    return fault("commit: no \(path) to delete", 404)
                }
            default: return fault("commit: \(line)", 400)
            }
        }
        repositories[id]?.branches[revision] = files
        repositories[id]?.commits += 1
        return Self.json([
            "success": true, "commitOid": LocalHub.commit, "commitUrl": "\(hub)/\(id)/commit/\(LocalHub.commit)",
            "hookOutput": "",
        ])
    }

    // MARK: - Requests and answers

    private mutating func fault(_ text: String, _ code: Int = 404) -> Reply {
        faults.append(text)
        return Self.refusal(code, "refused: \(text.prefix(80))")
    }

    private func object(_ request: LocalHub.Request, type: String = "application/json") -> [String: Any]? {
        guard request.method == "POST", request.headers["content-type"] == type else { return nil }
        return (try? JSONSerialization.jsonObject(with: request.body)) as? [String: Any]
    }

    private static func json(_ object: [String: Any]) -> Reply {
        let body = (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
        return Reply(headers: ["Content-Type": "application/json; charset=utf-8"], body: body)
    }

    private static func refusal(
        _ code: Int, _ message: String, _ kind: String? = nil, members: [String: Any] = [:]
    ) -> Reply {
        var reply = json(members.merging(["error": message]) { $1 })
        reply.code = code
        reply.headers["X-Error-Message"] = message.replacing("\n", with: " ")
        reply.headers["X-Error-Code"] = kind
        return reply
    }

    package static func sha256(_ data: Data) -> String { Digest.sha256(of: data).hexadecimal }

    private static func gitName(_ data: Data) -> String {
        var digest = Digest.sha1()
        (Data("blob \(data.count)\0".utf8) + data).withUnsafeBytes { digest.update($0) }
        return digest.finalize().hexadecimal
    }
}
