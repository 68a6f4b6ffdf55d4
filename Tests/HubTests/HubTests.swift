import Files
import Foundation
import Hub
import LocalHub
import Synchronization
import Testing

@Suite("The hub")
struct HubTests {
    private static let files = HubWorld.files
    private let id: HubModelID

    init() throws {
        id = try #require(HubModelID("owner/bert"))
    }

    private func failure(
        _ settings: HubSettings, _ id: HubModelID? = nil
    ) async throws -> HubError {
        try await #require(throws: HubError.self) { try await Hub(settings: settings).model(id ?? self.id) }
    }

    @Test("a model is fetched into the layout of Python's cache, and not fetched again")
    func layout() async throws {
        try await HubWorld.with { server, settings in
            let seen = Mutex(0)
            let hub = Hub(
                settings: settings, progress: { progress in seen.withLock { $0 = max($0, progress.received) } })
            let folder = try await hub.model(id)
            let base = "\(settings.cache)/models--owner--bert"
            #expect(folder == "\(base)/snapshots/\(LocalHub.commit)")
            #expect(try String(contentsOfFile: "\(base)/refs/main", encoding: .utf8) == LocalHub.commit)
            for (name, text) in Self.files {
                #expect(try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) == text)
                let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
                #expect(link.hasPrefix("../../blobs/"))
            }
            #expect(seen.withLock { $0 } == Self.files["model.safetensors"]?.utf8.count)
            let count = server.transfers("model.safetensors").count
            #expect(try await hub.model(id) == folder)
            #expect(server.transfers("model.safetensors").count == count)
            // What is in the cache is found without the network.
            server.stop()
            var offline = settings
            offline.offline = "HF_HUB_OFFLINE"
            #expect(try await Hub(settings: offline).model(id) == folder)
            let warnings = Mutex(0)
            let alone = Hub(settings: settings, warn: { _ in warnings.withLock { $0 += 1 } })
            #expect(try await alone.model(id) == folder)
            #expect(warnings.withLock { $0 } == 1)
        }
    }

    @Test("a transfer that breaks off goes on where it was")
    func resume() async throws {
        try await HubWorld.with { server, settings in
            server.state.withLock { $0.breaks["model.safetensors"] = [1000, 500] }
            _ = try await Hub(settings: settings).model(id)
            let ranges = server.transfers("model.safetensors").map { $0.headers["range"] }
            #expect(ranges.count == 3 && ranges[0] == nil)
            #expect(ranges[1] == "bytes=1000-" && ranges[2] == "bytes=1500-")
        }
    }

    @Test("what an earlier process left of a transfer is gone on with")
    func resumeLater() async throws {
        try await HubWorld.with { server, settings in
            let weights = Data((Self.files["model.safetensors"] ?? "").utf8)
            let digest = Digest.sha256(of: weights).hexadecimal
            let blobs = "\(settings.cache)/models--owner--bert/blobs"
            try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
            try weights.prefix(1234).write(to: URL(fileURLWithPath: "\(blobs)/\(digest).incomplete"))
            let folder = try await Hub(settings: settings).model(id)
            #expect(server.transfers("model.safetensors").map { $0.headers["range"] } == ["bytes=1234-"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/model.safetensors")) == weights)
        }
    }

    @Test("the hub being busy is waited for")
    func busy() async throws {
        try await HubWorld.with { server, settings in
            server.state.withLock { $0.failures = [503, 429] }
            _ = try await Hub(settings: settings).model(id)
            #expect(server.state.withLock { $0.failures.isEmpty })
        }
    }

    @Test("contents with another checksum are thrown away")
    func damage() async throws {
        try await HubWorld.with { server, settings in
            let size = Self.files["model.safetensors"]?.utf8.count ?? 0
            server.state.withLock { $0.damage["model.safetensors"] = Data(repeating: 0x78, count: size) }
            do {
                let error = try await failure(settings)
                #expect(error == .damaged("model.safetensors of owner/bert"))
            }
            server.state.withLock { $0.damage = [:] }
            _ = try await Hub(settings: settings).model(id)
        }
    }

    @Test("the token is shown to the hub and to nobody else")
    func token() async throws {
        try await HubWorld.with { server, settings in
            server.state.withLock { $0.token = "secret" }
            do {
                let error = try await failure(settings)
                #expect(error == .noRepository("owner/bert", hasToken: false))
            }
            var known = settings
            known.token = "wrong"
            do {
                let error = try await failure(known)
                #expect(error == .unauthorised("owner/bert"))
            }
            known.token = "secret"
            _ = try await Hub(settings: known).model(id)
            let requests = server.state.withLock { $0.requests }
            let stored = requests.filter { $0.path.hasPrefix("/store/") }
            #expect(!stored.isEmpty && stored.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    @Test("what is missing or closed is told apart, with what to do")
    func refused() async throws {
        try await HubWorld.with { server, settings in
            do {
                let error = try await failure(settings, HubModelID("owner/none"))
                #expect(error == .noRepository("owner/none", hasToken: false))
            }
            do {
                let error = try await failure(settings, HubModelID("owner/bert@v9"))
                #expect(error == .noRevision("owner/bert@v9"))
            }
            let tagged = try #require(HubModelID("owner/bert@v1"))
            _ = try await Hub(settings: settings).model(tagged)
            server.state.withLock { $0.gated = true }
            do {
                let error = try await failure(settings)
                #expect(error.description.contains("accept the terms at \(server.endpoint)/owner/bert"))
            }
            var offline = settings
            offline.offline = "HF_HUB_OFFLINE"
            offline.cache += "-empty"
            do {
                let error = try await failure(offline)
                #expect(error.description.contains("HF_HUB_OFFLINE"))
            }
        }
        try await HubWorld.with(["config.json": "{}", "vocab.txt": "", "pytorch_model.bin": ""]) { _, settings in
            do {
                let error = try await failure(settings)
                #expect(error == .pickleOnly("owner/bert"))
            }
        }
        try await HubWorld.with(["vocab.txt": ""]) { _, settings in
            do {
                let error = try await failure(settings)
                #expect(error == .noFile("owner/bert", file: "config.json"))
            }
        }
    }

    @Test(
        "a tokenizer that is not in one file is fetched in its parts",
        arguments: [["vocab.json", "merges.txt"], ["sentencepiece.bpe.model"], ["spiece.model"]])
    func tokenizerParts(_ parts: [String]) async throws {
        var files = ["config.json": "{}", "model.safetensors": "weights", "tokenizer_config.json": "{}"]
        for part in parts { files[part] = "contents of \(part)" }
        try await HubWorld.with(files) { _, settings in
            let folder = try await Hub(settings: settings).model(id)
            for part in parts {
                #expect(try String(contentsOfFile: "\(folder)/\(part)", encoding: .utf8) == "contents of \(part)")
            }
        }
        files[parts[0]] = nil
        try await HubWorld.with(files) { _, settings in
            let error = try await #require(throws: HubError.self) { try await Hub(settings: settings).model(id) }
            #expect(error == .noFile("owner/bert", file: "tokenizer.json"))
        }
    }

    @Test("weights that there are only as a pickle are converted where that is allowed, once, beside the snapshot")
    func pickle() async throws {
        let files = ["config.json": "{}", "vocab.txt": "[PAD]", "pytorch_model.bin": "pickled"]
        try await HubWorld.with(files) { server, settings in
            let conversions = Mutex(0)
            let hub = Hub(
                settings: settings,
                convert: { folder in
                    conversions.withLock { $0 += 1 }
                    let pickled = try String(contentsOfFile: "\(folder)/pytorch_model.bin", encoding: .utf8)
                    try "not \(pickled)".write(
                        toFile: "\(folder)/model.safetensors", atomically: true, encoding: .utf8)
                })
            let folder = try await hub.model(id)
            #expect(folder == "\(settings.cache)/models--owner--bert/bertqa/\(LocalHub.commit)")
            #expect(try String(contentsOfFile: "\(folder)/model.safetensors", encoding: .utf8) == "not pickled")
            #expect(try String(contentsOfFile: "\(folder)/vocab.txt", encoding: .utf8) == "[PAD]")
            // Later nothing needs to be converted, and so nothing allowed.
            #expect(try await hub.model(id) == folder)
            #expect(try await Hub(settings: settings).model(id) == folder)
            server.stop()
            var offline = settings
            offline.offline = "HF_HUB_OFFLINE"
            #expect(try await Hub(settings: offline).model(id) == folder)
            #expect(conversions.withLock { $0 } == 1)
        }
    }

    @Test("a cache that cannot be written to is named")
    func unwritable() async throws {
        try await HubWorld.with { _, settings in
            var other = settings
            other.cache = "/dev/null/cache"
            do {
                let error = try await failure(other)
                #expect(error.description.contains("HF_HUB_CACHE"))
            }
        }
    }

    @Test("of several processes one fetches, the others find it")
    func together() async throws {
        try await HubWorld.with { server, settings in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<6 { group.addTask { try await Hub(settings: settings).model(self.id) } }
                var folders: Set<String> = []
                for try await folder in group { folders.insert(folder) }
                #expect(folders.count == 1)
            }
            #expect(server.transfers("model.safetensors").count == 1)
        }
    }

    @Test(
        "an index that names anything but plain files is refused, and nothing is written or asked for",
        arguments: [
            "evil?/../../../../.bashrc", "../x.safetensors", "../../../../other/model/resolve/main/secret",
            "/etc/passwd",
            "sub/x.safetensors", "..", ".", "", ".bashrc", "x\\\\y", "a#b", "a%2fb", "a\\u0000b", "a\\nb",
        ],
        ["model.safetensors.index.json", "pytorch_model.bin.index.json"])
    func hostileIndex(_ part: String, _ index: String) async throws {
        let files = [
            "config.json": "{}", "vocab.txt": "", index: #"{"weight_map": {"x": "\#(part)"}}"#,
        ]
        try await HubWorld.with(files) { server, settings in
            let outside = "\(settings.cache)-outside"
            try "mine".write(toFile: outside, atomically: true, encoding: .utf8)
            defer { unlink(outside) }
            let hub = Hub(settings: settings, convert: { _ in Issue.record("converted") })
            let error = await #expect(throws: HubError.self) { try await hub.model(id) }
            guard case .untrusted(let message) = error else { throw try #require(error) }
            #expect(message.contains("plain file name") && message.contains(index))
            let asked = server.state.withLock { $0.requests.map(\.path) }
            #expect(asked.allSatisfy { $0.hasPrefix("/owner/bert/resolve/main/") && !$0.contains("..") })
            #expect(try String(contentsOfFile: outside, encoding: .utf8) == "mine")
        }
    }

    @Test(
        "a commit that is not 40 hexadecimal digits is refused",
        arguments: ["../../..", "main", "", "0123456789abcdef/"])
    func hostileCommit(_ commit: String) async throws {
        try await HubWorld.with { server, settings in
            server.state.withLock { $0.commit = commit }
            let error = try await failure(settings)
            guard case .untrusted(let message) = error else { throw error }
            #expect(message.contains("X-Repo-Commit"))
            #expect(!FileManager.default.fileExists(atPath: settings.cache))
        }
    }

    @Test("names that would leave the cache are refused by it as well", arguments: ["../x", "a/../../x", "/x", "a?b"])
    func hostileName(_ name: String) async throws {
        try await HubWorld.with([name: "x"]) { _, settings in
            await #expect(throws: HubError.self) { try await Hub(settings: settings).file(name, of: id) }
            let written = FileManager.default.enumerator(atPath: settings.cache)?.compactMap { $0 as? String } ?? []
            #expect(!written.contains { $0.contains("snapshots/") && !$0.hasSuffix(LocalHub.commit) })
        }
    }

    @Test("weights in parts are fetched through their index")
    func parts() async throws {
        let files = [
            "config.json": "{}", "vocab.txt": "", "a.safetensors": "1", "b.safetensors": "2",
            "model.safetensors.index.json": #"{"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}"#,
        ]
        try await HubWorld.with(files) { _, settings in
            let folder = try await Hub(settings: settings).model(id)
            #expect(try String(contentsOfFile: "\(folder)/b.safetensors", encoding: .utf8) == "2")
        }
    }
}
