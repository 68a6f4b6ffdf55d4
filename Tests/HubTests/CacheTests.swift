import Files
import Foundation
import Hub
import LocalHub
import Testing

@Suite("The hub's cache")
struct CacheTests {
    private let id: HubModelID

    init() throws {
        id = try #require(HubModelID("owner/bert"))
    }

    private func base(_ settings: HubSettings) -> String { "\(settings.cache)/models--owner--bert" }

    @Test("without symbolic links, files lie in the snapshot, and are not fetched again")
    func withoutLinks() async throws {
        try await HubWorld.with { server, settings in
            var settings = settings
            settings.avoidsLinks = true
            let folder = try await Hub(settings: settings).model(id)
            for (name, text) in HubWorld.files {
                let kind = try FileKind(path: "\(folder)/\(name)")
                guard case .file = kind else { throw FileError(path: name, message: "\(kind)") }
                #expect(try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) == text)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(base(settings))/blobs").isEmpty)
            let count = server.transfers("").count
            #expect(try await Hub(settings: settings).model(id) == folder)
            #expect(server.transfers("").count == count)
        }
    }

    @Test("contents that are there already are copied where links are not made, and stay for others")
    func copied() async throws {
        try await HubWorld.with { server, settings in
            _ = try await Hub(settings: settings).model(id)
            let count = server.transfers("").count
            server.state.withLock { $0.commit = String(repeating: "b", count: 40) }
            var settings = settings
            settings.avoidsLinks = true
            let folder = try await Hub(settings: settings).model(id)
            #expect(server.transfers("").count == count)
            #expect(folder.hasSuffix(String(repeating: "b", count: 40)))
            #expect(try String(contentsOfFile: "\(folder)/vocab.txt", encoding: .utf8) == HubWorld.files["vocab.txt"])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: "\(base(settings))/blobs").count
                    == HubWorld.files.count)
        }
    }

    @Test("a snapshot that was filled without blobs is used; a file of another size is fetched again")
    func filledSnapshot() async throws {
        try await HubWorld.with { server, settings in
            let snapshot = "\(base(settings))/snapshots/\(LocalHub.commit)"
            try DurableFiles.makeDirectory(snapshot)
            for (name, text) in HubWorld.files { try DurableFiles.write(text, to: "\(snapshot)/\(name)") }
            #expect(try await Hub(settings: settings).model(id) == snapshot)
            #expect(server.state.withLock { $0.requests.allSatisfy { $0.method == "HEAD" } })
            try DurableFiles.write("cut", to: "\(snapshot)/model.safetensors")
            #expect(try await Hub(settings: settings).model(id) == snapshot)
            #expect(server.transfers("model.safetensors").count == 1)
            #expect(
                try String(contentsOfFile: "\(snapshot)/model.safetensors", encoding: .utf8)
                    == HubWorld.files["model.safetensors"])
        }
    }

    @Test("a cached commit is not asked for")
    func commit() async throws {
        try await HubWorld.with { server, settings in
            let pinned = try #require(HubModelID("owner/bert@\(LocalHub.commit)"))
            let folder = try await Hub(settings: settings).model(pinned)
            let asked = { server.state.withLock { $0.requests.count { $0.path.hasSuffix("/config.json") } } }
            let count = asked()
            #expect(try await Hub(settings: settings).model(pinned) == folder)
            #expect(count > 0 && asked() == count)
        }
    }

    @Test("a transfer longer than announced is cut off, and nothing of it is kept")
    func tooLong() async throws {
        try await HubWorld.with { server, settings in
            server.state.withLock { $0.damage["model.safetensors"] = Data(repeating: 0x78, count: 8 << 20) }
            let error = try await #require(throws: HubError.self) { try await Hub(settings: settings).model(id) }
            #expect(
                error.description.contains(
                    "more than the \(HubWorld.files["model.safetensors"]?.utf8.count ?? 0) bytes"))
            // Not tried again: it would be as long.
            #expect(server.transfers("model.safetensors").count == 1)
            let blobs = try FileManager.default.contentsOfDirectory(atPath: "\(base(settings))/blobs")
            #expect(!blobs.contains { $0.hasSuffix(".incomplete") })
        }
    }

    @Test("redirects from the hub to another server and on are followed, and the token stays at the hub")
    func redirects() async throws {
        try await HubWorld.with { server, settings in
            server.state.withLock { $0.moved = ["model.safetensors"] }
            var settings = settings
            settings.token = "secret"
            let folder = try await Hub(settings: settings).model(id)
            #expect(
                try String(contentsOfFile: "\(folder)/model.safetensors", encoding: .utf8)
                    == HubWorld.files["model.safetensors"])
            let elsewhere = server.state.withLock {
                $0.requests.filter { $0.headers["host"]?.hasPrefix("localhost") == true }
            }
            #expect(elsewhere.count >= 2 && elsewhere.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    @Test("a redirect that leaves HTTP is refused", arguments: ["file:///etc/passwd", "ftp://hub/x", "http://"])
    func strangeRedirect(_ location: String) async throws {
        try await HubWorld.with { server, settings in
            server.state.withLock { $0.location = location }
            let error = try await #require(throws: HubError.self) { try await Hub(settings: settings).model(id) }
            guard case .untrusted = error else { throw error }
        }
    }

    @Test("a reference in the cache that is no commit is not followed", arguments: ["../../..", "main", ".."])
    func hostileReference(_ text: String) async throws {
        try await HubWorld.with { _, settings in
            let refs = "\(base(settings))/refs"
            try DurableFiles.makeDirectory(refs)
            try DurableFiles.write(text, to: "\(refs)/main")
            try DurableFiles.makeDirectory("\(base(settings))/snapshots/x")
            try DurableFiles.write("{}", to: "\(settings.cache)/config.json")
            var offline = settings
            offline.offline = "TRANSFORMERS_OFFLINE"
            let error = try await #require(throws: HubError.self) { try await Hub(settings: offline).model(id) }
            #expect(
                error == .offline("config.json of owner/bert", cache: settings.cache, variable: "TRANSFORMERS_OFFLINE"))
        }
    }

    @Test("links that were planted in the cache are not written through")
    func planted() async throws {
        try await HubWorld.with { _, settings in
            let target = "\(settings.cache)-target"
            try DurableFiles.write("mine", to: target)
            defer { unlink(target) }
            let weights = Data((HubWorld.files["model.safetensors"] ?? "").utf8)
            let blobs = "\(base(settings))/blobs"
            try DurableFiles.makeDirectory(blobs)
            try DurableFiles.write(weights, to: "\(settings.cache)/whole")
            let name = try FileDigest.sha256(path: "\(settings.cache)/whole")
            try #require(symlink(target, "\(blobs)/\(name).incomplete") == 0)
            let error = try await #require(throws: HubError.self) { try await Hub(settings: settings).model(id) }
            guard case .cache(let message) = error else { throw error }
            #expect(message.contains("symbolic link"))
            #expect(try String(contentsOfFile: target, encoding: .utf8) == "mine")
        }
    }
}
