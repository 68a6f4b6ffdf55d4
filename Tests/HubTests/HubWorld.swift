import Foundation
import Hub
import LocalHub
import Testing

/// A hub on loopback with a model, and an empty cache.
enum HubWorld {
    static let files = [
        "config.json": #"{"model_type": "bert"}"#, "vocab.txt": "[PAD]\n[UNK]\n",
        "model.safetensors": String(repeating: "weights ", count: 40_000), "tokenizer.json": "{}",
    ]

    /// Runs `body` with a hub and an empty cache.
    static func with(
        _ files: [String: String] = files, _ body: (LocalHub, HubSettings) async throws -> Void
    ) async throws {
        let server = try LocalHub(files: files)
        server.state.withLock { $0.stored = ["model.safetensors"] }
        let cache = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        defer {
            server.stop()
            do { try FileManager.default.removeItem(atPath: cache) } catch CocoaError.fileNoSuchFile {} catch {
                Issue.record("\(cache) stays: \(error)")
            }
        }
        try await body(server, HubSettings(endpoint: server.endpoint, cache: cache))
    }
}
