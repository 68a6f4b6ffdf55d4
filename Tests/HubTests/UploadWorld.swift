import Foundation
import Hub
import LocalHub
import Testing

/// A hub on loopback that takes uploads, and a run's folder.
struct UploadWorld {
    let server: LocalHub
    let folder: String
    let settings: HubSettings

    /// What a run has, and what else may be in its folder.
    static let files = [
        "config.json": #"{"model_type": "bert"}"#, "vocab.txt": "[PAD]\n[UNK]\n", "tokenizer.json": "{}",
        "tokenizer_config.json": "{}", "model.safetensors": String(repeating: "weights ", count: 40_000),
        "README.md": "---\nlicense: mit\n---\n# Mine\n", "training_stats.json": "{}", "learning_curve.png": "png",
        "run.json": #"{"command": ["--train-file", "/data/private.json"]}"#, ".lock": "", ".env": "HF_TOKEN=hf_x",
        "checkpoints": "", "token": "hf_x", "model.safetensors.partial": "half", "train.json": "data",
        "int8.json": "{}", "onnx/model.onnx": "graph", "onnx/model.onnx_data": "weights", "onnx/vocab.txt": "[PAD]",
    ]
    /// What of it is a model's.
    static let sent: Set = [
        "config.json", "vocab.txt", "tokenizer.json", "tokenizer_config.json", "model.safetensors", "README.md",
        "training_stats.json", "learning_curve.png", "onnx/model.onnx", "onnx/model.onnx_data",
    ]

    /// Runs `body` with a hub and a folder; whatever was sent must have been right.
    static func with(
        _ files: [String: String] = files, _ prepare: (inout UploadDesk) -> Void = { _ in },
        _ body: (UploadWorld) async throws -> Void
    ) async throws {
        let server = try LocalHub()
        var desk = UploadDesk()
        prepare(&desk)
        server.state.withLock { $0.desk = desk }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer {
            server.stop()
            do { try FileManager.default.removeItem(at: folder) } catch { Issue.record("\(folder.path): \(error)") }
        }
        for (name, text) in files {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let settings = HubSettings(endpoint: server.endpoint, cache: "/nowhere", token: desk.token)
        try await body(UploadWorld(server: server, folder: folder.path, settings: settings))
        #expect(server.state.withLock { $0.desk?.faults } == [])
    }

    func upload(_ id: String = "owner/bert", isPrivate: Bool = false) async throws -> HubUpload.Outcome {
        let upload = try HubUpload(settings: settings, isPrivate: isPrivate, pause: .milliseconds(2))
        return try await upload.send(folder, to: try await upload.resolved(#require(HubModelID(id))))
    }

    /// Uploads, which has to fail with a message that has a text; the message.
    @discardableResult
    func fails(_ id: String = "owner/bert", isPrivate: Bool = false, saying text: String) async throws -> String {
        let error = try await #require(throws: (any Error).self) { try await upload(id, isPrivate: isPrivate) }
        #expect("\(error)".contains(text))
        return "\(error)"
    }

    func change(_ body: (inout UploadDesk) -> Void) {
        server.state.withLock { state in
            guard var desk = state.desk else { return }
            body(&desk)
            state.desk = desk
        }
    }

    /// What is on a branch.
    func branch(_ name: String = "main") -> [String: Data] {
        server.state.withLock { $0.desk?.repositories["owner/bert"]?.branches[name] ?? [:] }
    }

    /// The requests whose address contains a text.
    func requests(_ part: String) -> [LocalHub.Request] {
        server.state.withLock { $0.requests.filter { $0.path.contains(part) } }
    }
}
