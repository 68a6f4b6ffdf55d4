import Files
import Hummingbird
import NIOCore
import StrictJSON

/// What tells of the server itself, and the page.
struct SystemRoutes: Sendable {
    let options: ServerOptions
    let slot: ModelSlot
    let store: DocumentStore
    let metrics: ServerMetrics
    let connections: ClientConnections
    let page: WebPage

    func add(to router: Router<ServerContext>) {
        router.get("/") { _, _ in page.response }
        router.get("/health") { _, _ in
            Response.json(
                .object(JSONObject([("status", .string("ok")), ("version", .string(options.version))])))
        }
        router.get("/ready") { _, _ in
            _ = try slot.model()
            return Response.json(
                .object(JSONObject([("status", .string("ready")), ("model", .string(options.modelName))])))
        }
        router.get("/metrics") { _, _ in
            let text = metrics.text(facts: try await facts())
            return Response.bytes(ByteBuffer(string: text), type: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get("/openapi.json") { _, _ in
            Response.bytes(ByteBuffer(bytes: PackageResources.openapi_json), type: "application/json")
        }
        router.get("/v1/models") { _, _ in Response.json(try models()) }
    }

    private func models() throws(APIError) -> JSONValue {
        let reader = try slot.model().reader
        let model = JSONObject([
            ("id", .string(options.modelName)), ("max_length", .int(reader.options.maxLength)),
            ("doc_stride", .int(reader.options.overlap)), ("precision", .string(reader.precision.rawValue)),
            ("device", .string(reader.device.rawValue)), ("layers", .int(reader.config.layerCount)),
            ("hidden_size", .int(reader.config.hiddenSize)), ("vocabulary", .int(reader.config.vocabSize)),
            ("no_answer_threshold", reader.noAnswerThreshold.map { .double($0) } ?? .null),
        ])
        return .object(JSONObject([("models", .array([.object(model)]))]))
    }

    private func facts() async throws -> [(name: String, help: String, labels: [(String, String)], value: Double)] {
        let size = try await store.size()
        var facts: [(name: String, help: String, labels: [(String, String)], value: Double)] = [
            (
                "bertqa_info", "What runs here.", [("version", options.version), ("model", options.modelName)], 1
            ),
            ("bertqa_ready", "Whether the model is loaded.", [], slot.isReady ? 1 : 0),
            ("bertqa_connections", "Open connections.", [], Double(connections.count)),
            ("bertqa_documents", "Stored documents.", [], Double(size.documents)),
            ("bertqa_documents_bytes", "Bytes of the stored documents' texts.", [], Double(size.bytes)),
        ]
        if let memory = ProcessMemory.resident {
            facts.append(("process_resident_memory_bytes", "Resident memory.", [], Double(memory)))
        }
        return facts
    }
}
