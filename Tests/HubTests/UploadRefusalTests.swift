import Files
import Foundation
import Hub
import LocalHub
import Testing

@Suite("Uploads that are refused")
struct UploadRefusalTests {
    @Test(
        "a folder that is no model is refused before anything is sent",
        arguments: [
            ("config.json", "there is no config.json"), ("model.safetensors", "there is no model.safetensors"),
        ])
    func folder(_ name: String, _ message: String) async throws {
        var files = UploadWorld.files
        files[name] = nil
        try await UploadWorld.with(files) { world in
            try await world.fails(saying: message)
            #expect(world.server.state.withLock { $0.requests.isEmpty })
        }
    }

    @Test("a folder that is not there is named")
    func noFolder() async throws {
        try await UploadWorld.with { world in
            for (place, message) in [("none", "there is no such folder"), ("config.json", "it is a file")] {
                let upload = try HubUpload(settings: world.settings)
                let id = try #require(HubModelID("owner/bert"))
                let error = await #expect(throws: FileError.self) {
                    try await upload.send("\(world.folder)/\(place)", to: id)
                }
                #expect(error?.path == "\(world.folder)/\(place)" && error?.message.contains(message) == true)
            }
        }
    }

    @Test("a link out of the folder is not followed, one into the blobs of the hub's cache is")
    func links() async throws {
        try await UploadWorld.with { world in
            let cache = "\(world.folder)/cache"
            let snapshot = "\(cache)/snapshots/\(LocalHub.commit)"
            for folder in [snapshot, "\(cache)/blobs"] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            for name in ["config.json", "vocab.txt", "model.safetensors"] {
                try FileManager.default.copyItem(atPath: "\(world.folder)/\(name)", toPath: "\(cache)/blobs/\(name)")
                symlink("../../blobs/\(name)", "\(snapshot)/\(name)")
            }
            let upload = try HubUpload(settings: world.settings)
            let id = try #require(HubModelID("owner/bert"))
            _ = try await upload.send(snapshot, to: id)
            #expect(world.branch().count == 4)
            symlink("\(world.folder)/.env", "\(snapshot)/merges.txt")
            let error = await #expect(throws: FileError.self) { try await upload.send(snapshot, to: id) }
            #expect(
                error?.path == "\(snapshot)/merges.txt" && error?.message.contains("leads out of the folder") == true)
        }
    }

    @Test("an answer without end is cut off")
    func endless() async throws {
        let answer = String(repeating: " ", count: 17 << 20)
        try await UploadWorld.with(UploadWorld.files, { $0.lies = ["/preupload/": answer] }) { world in
            try await world.fails(saying: "answers more than 16777216 bytes")
        }
    }

    @Test("pickles, pointers of Git LFS and names that lead elsewhere are refused")
    func contents() async throws {
        let model = ["config.json": "{}", "vocab.txt": "a"]
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
        let cases = [
            (["pytorch_model.bin": "x"], "pickle"), (["model.safetensors": pointer], "Git LFS pointer"),
            (["model.safetensors.index.json": #"{"weight_map": {"x": "../secret"}}"#], "plain file name"),
            (["model.safetensors.index.json": #"{"weight_map": {"x": "a.safetensors"}}"#], "a.safetensors"),
        ]
        for (files, message) in cases {
            try await UploadWorld.with(model.merging(files) { $1 }) { world in
                try await world.fails(saying: message)
                #expect(world.server.state.withLock { $0.requests.isEmpty })
            }
        }
    }

    @Test("without a token, or where the network is forbidden, nothing is asked")
    func settings() throws {
        let without = HubSettings(endpoint: "http://127.0.0.1:9", cache: "/nowhere")
        let error = #expect(throws: HubError.self) { try HubUpload(settings: without) }
        #expect("\(try #require(error))".contains("HF_TOKEN"))
        let offline = HubSettings(
            endpoint: "http://127.0.0.1:9", cache: "/nowhere", token: "t", offline: "HF_HUB_OFFLINE")
        let other = #expect(throws: HubError.self) { try HubUpload(settings: offline) }
        #expect("\(try #require(other))".contains("HF_HUB_OFFLINE"))
    }

    @Test("what the hub does not allow is said with the hub's reason")
    func permissions() async throws {
        try await UploadWorld.with(UploadWorld.files, { $0.token = "secret" }) { world in
            try await world.fails("other/bert", saying: "the namespace other")
            world.change { $0.token = "another" }
            let message = try await world.fails(saying: "does not accept the token")
            #expect(!message.contains("secret"))
            world.change { ($0.token, $0.mayCreate) = ("secret", false) }
            try await world.fails(saying: "may not make it")
            // Who may not make repositories may still write to one that is there.
            world.change { $0.repositories["owner/bert"] = .init() }
            _ = try await world.upload()
            world.change { $0.failures = ["/commit/": [413]] }
            try Data("other".utf8).write(to: URL(fileURLWithPath: "\(world.folder)/vocab.txt"))
            try await world.fails(saying: "413")
        }
    }

    @Test("a file that the repository ignores is not left out in silence")
    func ignored() async throws {
        try await UploadWorld.with(UploadWorld.files, { $0.ignored = ["model.safetensors"] }) { world in
            try await world.fails(saying: ".gitignore excludes model.safetensors")
            #expect(world.branch().count == 1)
        }
    }

    private static let batch = #"{"objects": [{"oid": "OID", "size": 320000, "actions": {"upload": UPLOAD}}]}"#

    @Test(
        "answers of another form are refused, and nothing is sent by them",
        arguments: [
            ("/preupload/", "[]"), ("/preupload/", "no JSON"),
            ("/preupload/", #"{"files": [{"path": "config.json"}]}"#),
            ("/revision/", "{}"), ("/batch", "{}"), ("/batch", #"{"objects": [{"oid": "other", "size": 320000}]}"#),
            ("/batch", #"{"objects": [{"oid": "OID", "size": 320000, "error": {"code": 422, "message": "no"}}]}"#),
            ("/batch", Self.upload("{}")), ("/batch", Self.upload(#"{"href": 5}"#)),
            ("/batch", Self.upload(#"{"href": "file:///etc/passwd"}"#)),
            ("/batch", Self.upload(#"{"href": "/api/complete/1", "header": {"chunk_size": "0"}}"#)),
            ("/batch", Self.upload(#"{"href": "http://localhost:9/", "header": {"chunk_size": -5}}"#)),
            ("/batch", Self.upload(#"{"href": "http://localhost:9/", "header": {"chunk_size": "320000"}}"#)),
            (
                "/batch",
                Self.upload(
                    #"{"href": "http://localhost:9/", "header": {"chunk_size": "1", "1": "http://localhost:9/"}}"#)
            ),
            ("/commit/", "{}"), ("/commit/", #"{"commitOid": "../../x"}"#),
        ])
    func hostile(_ place: String, _ answer: String) async throws {
        let weights = Data((UploadWorld.files["model.safetensors"] ?? "").utf8)
        let lie = answer.replacing("OID", with: UploadDesk.sha256(weights))
        try await UploadWorld.with(UploadWorld.files, { $0.lies = [place: lie] }) { world in
            let error = try await #require(throws: HubError.self) { try await world.upload() }
            switch error {
            case .untrusted, .refused: break
            default: Issue.record("\(error)")
            }
            #expect(!"\(error)".contains("\n"))
            #expect(world.requests("/bucket/").count == (place == "/commit/" ? 1 : 0))
        }
    }

    private static func upload(_ action: String) -> String { batch.replacing("UPLOAD", with: action) }

    @Test("a hub that cannot be reached ends the upload with what to do")
    func unreachable() async throws {
        let failures = [Int](repeating: 503, count: 6)
        try await UploadWorld.with(UploadWorld.files, { $0.failures = ["/create": failures] }) { world in
            let error = try await #require(throws: HubError.self) { try await world.upload() }
            guard case .unsent(let message) = error else { throw error }
            #expect(message.contains("503"))
        }
    }
}
