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
            let id = try DocumentID(inPath: context.parameters)
            return try await gate.enter(request, context) { try await put($0, type, id: id) }
        }
        router.get("/v1/documents/:id") { request, context in
            let id = try DocumentID(inPath: context.parameters)
            return try await gate.enter(request, context) { try await get($0, id: id) }
        }
        router.delete("/v1/documents/:id") { _, context in
            let id = try DocumentID(inPath: context.parameters)
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
        var filter = DocumentFilter()
        for (name, value) in try QueryParameters.read(request.uri.query) {
            switch name {
            case "limit":
                guard let number = Int(value), (1...500).contains(number) else {
                    throw APIError.invalid("limit", "limit must be a whole number from 1 to 500")
                }
                limit = number
            case "after":
                do { after = try DocumentID(value) } catch {
                    throw APIError.invalid("after", error.description)
                }
            case "filter": filter = try Self.filter(value)
            default: throw APIError.invalid(name, "unknown parameter \(name); expected after, filter, limit")
            }
        }
        let found = try await answering.documents().list(
            after: after, limit: limit + 1, filter: filter)
        let page = found.prefix(limit)
        let next: JSONValue = found.count > limit ? page.last.map { .string($0.id.text) } ?? .null : .null
        let members: [(String, JSONValue)] = [("documents", .array(page.map { Self.json($0) })), ("next", next)]
        return Response.json(.object(JSONObject(members)))
    }

    private func put(_ admitted: AdmittedRequest, _ type: MediaType, id: DocumentID) async throws -> Response {
        let body = try await answering.workers.run {
            try type == .plainText
                ? DocumentText(plain: admitted.body) : DocumentText(RequestFields(body: admitted.body))
        }
        let (document, tokens, isNew) = try await answering.put(body, id: id, admitted.reservation)
        var response = Response.json(
            Self.json(document, more: [("tokens", .int(tokens))]), status: isNew ? .created : .ok)
        response.headers[.location] = "/v1/documents/\(id.pathSegment)"
        return response
    }

    /// A filter of a URL, which is JSON there as well.
    private static func filter(_ text: String) throws(APIError) -> DocumentFilter {
        let value: JSONValue
        do { value = try JSONValue.parse(Array(text.utf8)) } catch {
            throw .invalid("filter", "filter is not JSON: \(error)")
        }
        do { return try DocumentFilter(value) } catch { throw APIError(error) }
    }

    private static func json(_ document: DocumentSummary, more: [(String, JSONValue)] = []) -> JSONValue {
        .object(
            JSONObject(
                [
                    ("id", .string(document.id.text)), ("title", document.title.map { .string($0) } ?? .null),
                    ("source", document.source.map { .string($0) } ?? .null),
                    ("metadata", .object(document.metadata)), ("bytes", .int(document.bytes)),
                    ("characters", .int(document.characters)), ("passages", .int(document.passages)),
                    ("updated", .string(Date(timeIntervalSince1970: document.updated).formatted(.iso8601))),
                ] + more))
    }
}
