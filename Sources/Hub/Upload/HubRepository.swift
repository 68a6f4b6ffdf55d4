import Foundation
import StrictJSON

/// A repository of the hub, through its API.
struct HubRepository: Sendable {
    let api: HubAPI
    let id: HubModelID

    /// What a branch has.
    struct Branch: Sendable {
        let isPrivate: Bool
        let files: [String]
    }

    private var path: String { "/api/models/\(id.repository)" }
    private var revision: String { HubClient.percentEncoded(id.revision) }

    /// The name with its owner: without one, that of the token.
    static func resolved(_ id: HubModelID, _ api: HubAPI) async throws -> HubModelID {
        if id.repository.contains("/") { return id }
        let reply = try await api.call(.GET, "/api/whoami-v2")
        guard reply.isSuccess else { throw failure(reply, id, doing: "find out whose token this is") }
        guard let owner = reply.json["name"]?.string,
            let full = HubModelID("\(owner)/\(id.repository)@\(id.revision)"), full.repository.contains("/")
        else { throw HubError.untrusted("\(reply.address) does not answer with a user's name") }
        return full
    }

    /// Makes the repository, if it is not there.
    func create(isPrivate: Bool) async throws {
        let names = id.repository.split(separator: "/").map(String.init)
        var members: [(String, JSONValue)] = [
            ("type", "model"), ("organization", .string(names[0])), ("name", .string(names[1])),
        ]
        if isPrivate { members.append(("visibility", "private")) }
        let reply = try await api.call(.POST, "/api/repos/create", .json(.object(JSONObject(members))))
        if reply.isSuccess || reply.status == 409 { return }
        // Who may not make repositories may still write to one that is there.
        if [401, 402, 403].contains(reply.status), try await api.call(.GET, path).isSuccess { return }
        throw Self.failure(reply, id, doing: "make it")
    }

    /// What the branch has; it is made if it is not there.
    func branch() async throws -> Branch {
        var reply = try await api.call(.GET, "\(path)/revision/\(revision)")
        if reply.status == 404, reply.errorCode == "RevisionNotFound" {
            guard !HubCache.isCommit(id.revision), !id.revision.hasPrefix("refs/") else {
                throw HubError.noRevision("\(id)")
            }
            let made = try await api.call(.POST, "\(path)/branch/\(revision)", .json([:]))
            guard made.isSuccess || made.status == 409 else {
                throw Self.failure(made, id, doing: "make the branch \(id.revision)")
            }
            reply = try await api.call(.GET, "\(path)/revision/\(revision)")
        }
        guard reply.isSuccess else { throw Self.failure(reply, id, doing: "list its files") }
        guard let isPrivate = reply.json["private"]?.bool, let files = reply.json["siblings"]?.array else {
            throw HubError.untrusted("\(reply.address) does not answer with a model's files")
        }
        return Branch(isPrivate: isPrivate, files: files.compactMap { $0["rfilename"]?.string })
    }

    /// The error for an answer that is none of the expected.
    static func failure(_ reply: HubAPI.Reply, _ id: HubModelID, doing what: String) -> HubError {
        switch (reply.status, reply.errorCode) {
        case (_, "RepoNotFound"): .noRepository(id.repository, hasToken: true)
        case (_, "RevisionNotFound"): .noRevision("\(id)")
        case (401, _):
            .refused(
                "\(id): the hub does not accept the token (\(reply.message)); create one with write permission, and "
                    + "set HF_TOKEN")
        case (403, _):
            .refused("\(id): this token may not \(what) (\(reply.message)); use one with write permission there")
        default: .refused("\(id): the hub does not \(what): \(reply.message)")
        }
    }
}
