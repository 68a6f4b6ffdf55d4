import Foundation
import Hub
import LocalHub
import Synchronization
import Testing

@Suite("Uploads to the hub")
struct UploadTests {
    private static let weights = UploadWorld.files["model.safetensors"] ?? ""

    @Test("the files of a model are sent in one commit, large ones to the store, and nothing else")
    func files() async throws {
        try await UploadWorld.with { world in
            let outcome = try await world.upload()
            #expect(outcome.commit == LocalHub.commit)
            #expect(outcome.address == "\(world.server.endpoint)/owner/bert/commit/\(LocalHub.commit)")
            let branch = world.branch()
            #expect(Set(branch.keys) == UploadWorld.sent.union([".gitattributes"]))
            for name in UploadWorld.sent { #expect(branch[name] == Data((UploadWorld.files[name] ?? "").utf8)) }
            #expect(world.requests("/bucket/").count == 1 && world.requests("/verify").count == 1)
            #expect(world.server.state.withLock { $0.desk?.repositories["owner/bert"]?.isPrivate } == false)
        }
    }

    @Test("a file goes in parts where the hub wants it so", arguments: [1, 999, 320_000, 107_000, 1 << 20])
    func parts(_ size: Int) async throws {
        let weights = size == 1 ? "abc" : Self.weights
        let files = UploadWorld.files.merging(["model.safetensors": weights]) { $1 }
        try await UploadWorld.with(files, { $0.partSize = size }) { world in
            let seen = Mutex<[Hub.Progress]>([])
            let upload = try HubUpload(
                settings: world.settings, progress: { progress in seen.withLock { $0.append(progress) } })
            _ = try await upload.send(world.folder, to: #require(HubModelID("owner/bert")))
            #expect(world.branch()["model.safetensors"] == Data(weights.utf8))
            #expect(world.requests("/bucket/").count == (weights.utf8.count - 1) / size + 1)
            let reports = seen.withLock { $0 }
            #expect(reports.map(\.received) == reports.map(\.received).sorted())
            #expect(reports.last?.received == weights.utf8.count && reports.last?.total == weights.utf8.count)
        }
    }

    @Test("the token is shown to the hub, and neither to the store nor in messages")
    func token() async throws {
        try await UploadWorld.with([:].merging(UploadWorld.files) { $1 }, { $0.partSize = 100_000 }) { world in
            _ = try await world.upload()
            let (store, hub) = (world.requests("/bucket/"), world.requests("/api/models/"))
            #expect(store.count == 4 && store.allSatisfy { $0.headers["authorization"] == nil })
            #expect(hub.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
            world.change { $0.lies["/preupload/"] = #"{"files": "secret"}"# }
            let message = try await world.fails(saying: "config.json")
            #expect(!message.contains("secret"))
        }
    }

    @Test("what is there already is not sent again, and nothing is committed if nothing changed")
    func again() async throws {
        try await UploadWorld.with { world in
            _ = try await world.upload()
            let outcome = try await world.upload()
            #expect(outcome.commit == nil && outcome.address == "\(world.server.endpoint)/owner/bert")
            #expect(world.requests("/bucket/").count == 1 && world.requests("/commit/").count == 1)
            try Data("other".utf8).write(to: URL(fileURLWithPath: "\(world.folder)/vocab.txt"))
            _ = try await world.upload()
            #expect(world.requests("/bucket/").count == 1 && world.branch()["vocab.txt"] == Data("other".utf8))
            let commit = String(decoding: try #require(world.requests("/commit/").last).body, as: UTF8.self)
            #expect(commit.contains("vocab.txt") && !commit.contains("config.json"))
        }
    }

    @Test("an upload that broke off goes on: parts again from their start, whole files not at all")
    func broken() async throws {
        let prepare = { (desk: inout UploadDesk) in
            desk.partSize = 107_000
            desk.cuts = ["/bucket/1/2": [0, 70_000], "/bucket/1/3": [106_000]]
            desk.failures = ["/preupload/": [503, 429], "/complete/": [500], "/verify": [502], "/create": [504]]
        }
        try await UploadWorld.with(UploadWorld.files, prepare) { world in
            _ = try await world.upload()
            #expect(world.requests("/bucket/1/1").count == 1)
            #expect(world.requests("/bucket/1/2").count == 3 && world.requests("/bucket/1/3").count == 2)
            #expect(world.branch()["model.safetensors"] == Data(Self.weights.utf8))
        }
    }

    @Test("a file that the store has is not sent again by the next upload, though the first ended before its commit")
    func resumed() async throws {
        try await UploadWorld.with(UploadWorld.files, { $0.failures = ["/commit/": [400]] }) { world in
            try await world.fails(saying: "take the commit")
            #expect(world.branch().count == 1)
            _ = try await world.upload()
            #expect(world.requests("/bucket/").count == 1 && Set(world.branch().keys).isSuperset(of: UploadWorld.sent))
        }
    }

    @Test("a commit whose answer is lost is not made twice")
    func lostAnswer() async throws {
        try await UploadWorld.with(UploadWorld.files, { $0.silences = ["/commit/"] }) { world in
            let outcome = try await world.upload()
            #expect(outcome.commit == nil)
            #expect(world.server.state.withLock { $0.desk?.repositories["owner/bert"]?.commits } == 1)
            #expect(Set(world.branch().keys).isSuperset(of: UploadWorld.sent))
        }
    }

    @Test("addresses of the store that are not valid any more are asked for again, once")
    func expired() async throws {
        let prepare = { (desk: inout UploadDesk) in
            desk.partSize = 107_000
            desk.failures = ["/bucket/1/2": [403]]
        }
        try await UploadWorld.with(UploadWorld.files, prepare) { world in
            _ = try await world.upload()
            #expect(world.requests("/batch").count == 2 && world.requests("/bucket/2/").count == 3)
        }
        try await UploadWorld.with(UploadWorld.files, { $0.failures = ["/bucket/": [403, 403]] }) { world in
            try await world.fails(saying: "model.safetensors")
        }
    }

    @Test("a private repository is made, and a public one is never filled with what was to be private")
    func privacy() async throws {
        try await UploadWorld.with { world in
            _ = try await world.upload(isPrivate: true)
            #expect(world.server.state.withLock { $0.desk?.repositories["owner/bert"]?.isPrivate } == true)
        }
        try await UploadWorld.with(UploadWorld.files, { $0.repositories["owner/bert"] = .init() }) { world in
            let message = try await world.fails(isPrivate: true, saying: "public; nothing was sent")
            #expect(message.contains("`private`"))
            #expect(world.requests("/preupload/").isEmpty && world.requests("/batch").isEmpty)
        }
    }

    @Test("a branch that is not there is made; a pull request's or a commit's is not")
    func revisions() async throws {
        try await UploadWorld.with { world in
            _ = try await world.upload("owner/bert@v2/try")
            #expect(world.branch("v2/try").count == UploadWorld.sent.count + 1 && world.branch().count == 1)
            _ = try await world.upload("owner/bert@v2/try")
            #expect(world.requests("/branch/").count == 1)
            for name in ["refs/pr/7", LocalHub.commit] {
                try await world.fails("owner/bert@\(name)", saying: "no such revision")
            }
        }
    }

    @Test("a name without an owner is the token's owner's")
    func owner() async throws {
        try await UploadWorld.with { world in
            let outcome = try await world.upload("bert")
            #expect(outcome.id == HubModelID("owner/bert"))
            #expect(!world.branch().isEmpty)
        }
    }

    @Test("parts of another model go in the same commit, other files stay")
    func stale() async throws {
        var old = UploadDesk.Repository()
        let stale = [
            "model.safetensors.index.json", "model-00001-of-00002.safetensors", "pytorch_model.bin", "merges.txt",
            "special_tokens_map.json",
        ]
        let kept = ["model.onnx", "notes.md", "onnx/other.onnx", "eval/config.json"]
        for name in stale + kept { old.branches["main"]?[name] = Data("old".utf8) }
        try await UploadWorld.with(UploadWorld.files, { $0.repositories["owner/bert"] = old }) { world in
            _ = try await world.upload()
            #expect(Set(world.branch().keys) == UploadWorld.sent.union(kept).union([".gitattributes"]))
        }
    }

    @Test("redirects are followed on the hub itself, as for a repository with a new name, and to nobody else")
    func redirects() async throws {
        let prepare = { (desk: inout UploadDesk) in
            desk.repositories["owner/bert"] = .init()
            desk.moves = ["/owner/old": "/owner/bert"]
        }
        try await UploadWorld.with(UploadWorld.files, prepare) { world in
            _ = try await world.upload("owner/old")
            #expect(Set(world.branch().keys).isSuperset(of: UploadWorld.sent))
            let elsewhere = world.server.store
            world.change { $0.moves = ["/api/models/owner/bert": "\(elsewhere)/api/models/owner/bert"] }
            try await world.fails(saying: "redirects to \(elsewhere)")
            #expect(world.server.state.withLock { $0.requests.last?.path } == "/api/models/owner/bert/revision/main")
        }
    }

    @Test("weights in parts go with their index")
    func shards() async throws {
        let files = [
            "config.json": "{}", "vocab.txt": "a", "a.safetensors": "1", "b.safetensors": "", "c.safetensors": "3",
            "model.safetensors.index.json": #"{"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}"#,
        ]
        try await UploadWorld.with(files, { $0.large = ["a.safetensors", "b.safetensors"] }) { world in
            _ = try await world.upload()
            // An empty file goes into git itself: the store cannot keep nothing.
            #expect(world.branch()["a.safetensors"] == Data("1".utf8) && world.branch()["b.safetensors"] == Data())
            #expect(world.branch()["c.safetensors"] == nil)
        }
    }
}
