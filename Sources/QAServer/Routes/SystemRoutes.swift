import Files
import Hummingbird
import NIOCore
import Retrieval
import StrictJSON

/// What describes the server itself, and the page.
struct SystemRoutes: Sendable {
    let options: ServerOptions
    let slot: ModelSlot
    let answering: Answering
    let metrics: ServerMetrics
    let connections: ClientConnections
    let memory: MemoryBudget
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
            try await updateGauges()
            return Response.bytes(ByteBuffer(string: metrics.text), type: "text/plain; version=0.0.4; charset=utf-8")
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
            ("min_score", reader.minScore.map { .double($0) } ?? .null), ("calibrated", .bool(reader.isCalibrated)),
        ])
        return .object(JSONObject([("models", .array([.object(model)]))]))
    }

    private func updateGauges() async throws {
        metrics.set("bertqa_info", [("version", options.version), ("model", options.modelName)], to: 1)
        metrics.set("bertqa_ready", to: slot.isReady ? 1 : 0)
        metrics.set("bertqa_connections", to: Double(connections.count))
        metrics.set("bertqa_request_bytes", to: Double(memory.heldBytes))
        metrics.set("bertqa_text_cache_bytes", to: Double(answering.cache.byteCount))
        do {
            let size = try await answering.documents().size()
            metrics.set("bertqa_documents", to: Double(size.documents))
            metrics.set("bertqa_documents_bytes", to: Double(size.bytes))
            metrics.set("bertqa_documents_available", to: 1)
        } catch is DocumentStoreError {
            metrics.set("bertqa_documents_available", to: 0)
        }
        if let resident = ProcessMemory.resident { metrics.set("process_resident_memory_bytes", to: Double(resident)) }
    }
}
