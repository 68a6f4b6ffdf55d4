import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Retrieval
import StrictJSON

/// The stored documents.
struct DocumentRoutes: Sendable {
    let answering: Answering
    let gate: RequestGate

    func add(to router: Router<ServerContext>) {
        router.get("/v1/documents") { request, _ in try await list(request) }
        router.put("/v1/documents/:id") { request, context in
            let type = try MediaType(request, allowed: [.json, .plainText])
            let id = try DocumentID(context.parameters.require("id"))
            return try await gate.enter(request, context) { try await put($0, type, id: id) }
        }
        router.get("/v1/documents/:id") { request, context in
            let id = try DocumentID(context.parameters.require("id"))
            return try await gate.enter(request, context) { try await get($0, id: id) }
        }
        router.delete("/v1/documents/:id") { _, context in
            let id = try DocumentID(context.parameters.require("id"))
            guard try await answering.delete(id) else { throw Answering.unknown(id) }
            return Response(status: .noContent)
        }
    }

    private func get(_ admitted: AdmittedRequest, id: DocumentID) async throws -> Response {
        let store = try answering.documents()
        guard let summary = try await store.summary(id) else { throw Answering.unknown(id) }
        // Before it is read: the text, and the response that quotes it.
        try admitted.reservation.add(2 * summary.bytes)
        guard let (summary, text) = try await store.document(id) else { throw Answering.unknown(id) }
        return try await answering.respond { Self.json(summary, more: [("text", .string(text))]) }
    }

    private func list(_ request: Request) async throws -> Response {
        var limit = 50
        var after: DocumentID?
        for (name, value) in request.uri.queryParameters {
            switch name {
            case "limit":
                guard let number = Int(value), (1...500).contains(number) else {
                    throw APIError.invalid("limit", "limit must be a whole number from 1 to 500")
                }
                limit = number
            case "after":
                do { after = try DocumentID(String(value)) } catch {
                    throw APIError.invalid("after", error.description)
                }
            default: throw APIError.invalid(String(name), "unknown parameter \(name); expected after, limit")
            }
        }
        let found = try await answering.documents().list(
            after: after, limit: limit + 1, filter: DocumentFilter())
        let page = found.prefix(limit)
        let next: JSONValue = found.count > limit ? page.last.map { .string($0.id.text) } ?? .null : .null
        let members: [(String, JSONValue)] = [("documents", .array(page.map { Self.json($0) })), ("next", next)]
        return Response.json(.object(JSONObject(members)))
    }

    private func put(_ admitted: AdmittedRequest, _ type: MediaType, id: DocumentID) async throws -> Response {
        let text = try await answering.workers.run {
            try type == .plainText ? Self.plainText(admitted.body) : Self.text(admitted.body)
        }
        let (document, tokens, isNew) = try await answering.put(text, id: id, admitted.reservation)
        var response = Response.json(
            Self.json(document, more: [("tokens", .int(tokens))]), status: isNew ? .created : .ok)
        response.headers[.location] = "/v1/documents/\(id.text)"
        return response
    }

    private static func text(_ buffer: ByteBuffer) throws(APIError) -> String {
        var fields = try RequestFields(body: buffer)
        let text = try fields.requiredString("text")
        try fields.finish()
        return text
    }

    private static func plainText(_ buffer: ByteBuffer) throws(APIError) -> String {
        guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
            throw .invalid("text", "the text is not UTF-8")
        }
        return text
    }

    private static func json(_ document: DocumentSummary, more: [(String, JSONValue)] = []) -> JSONValue {
        .object(
            JSONObject(
                [
                    ("id", .string(document.id.text)), ("bytes", .int(document.bytes)),
                    ("characters", .int(document.characters)), ("passages", .int(document.passages)),
                    ("updated", .string(Date(timeIntervalSince1970: document.updated).formatted(.iso8601))),
                ] + more))
    }
}
