import HTTPTypes
import Hummingbird
import NIOCore
import QuestionAnswering
import Retrieval
import StrictJSON

/// Why a request is not answered, as given in the response.
package struct APIError: Error, Sendable {
    let status: HTTPResponse.Status
    /// A word for programs.
    let type: String
    /// A sentence for people.
    let message: String
    /// The field of the request that is wrong, such as `pairs[3].question`.
    var field: String?
    /// Seconds after which the client may try again.
    var retryAfter: Int?
    /// The methods that the path supports.
    var allow: String?

    init(_ status: HTTPResponse.Status, _ type: String, _ message: String, field: String? = nil) {
        self.status = status
        self.type = type
        self.message = message
        self.field = field
    }

    /// A field that breaks the rules: 422.
    static func invalid(_ field: String?, _ message: String) -> APIError {
        APIError(.unprocessableContent, "invalid", message, field: field)
    }

    /// A question or text without words: 400.
    static func empty(_ field: String?, _ message: String) -> APIError {
        APIError(.badRequest, "empty", message, field: field)
    }

    /// The model is not loaded, or the server is about to stop: 503.
    static func notReady(_ message: String) -> APIError {
        var error = APIError(.serviceUnavailable, "not_ready", message)
        error.retryAfter = 1
        return error
    }

    /// A client that takes too long: 408.
    static func slow(_ message: String) -> APIError { APIError(.requestTimeout, "timeout", message) }

    /// Too much at once: 429.
    ///
    /// - Parameter reason: which limit is reached.
    static func overloaded(_ reason: String) -> APIError {
        var error = APIError(.tooManyRequests, "overloaded", "\(reason); try again in a moment")
        error.retryAfter = 1
        return error
    }

    /// The body: `{"error": {"type", "message", "field"?}, "request_id"?}`.
    func json(requestID: String?) -> JSONValue {
        var members: [(String, JSONValue)] = [("type", .string(type)), ("message", .string(message))]
        if let field { members.append(("field", .string(field))) }
        var body: [(String, JSONValue)] = [("error", .object(JSONObject(members)))]
        if let requestID { body.append(("request_id", .string(requestID))) }
        return .object(JSONObject(body))
    }

    func response(requestID: String?) -> Response {
        var response = Response.json(json(requestID: requestID), status: status)
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        if let allow { response.headers[.allow] = allow }
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

extension APIError {
    /// The error of a request for a reader's error.
    ///
    /// - Parameter path: the fields' place in the request, such as `pairs[3].`.
    init(_ error: ReaderError, path: String = "") {
        switch error.kind {
        case .emptyQuestion: self = .empty(path + "question", "\(error)")
        case .emptyText: self = .empty(path + "context", "\(error)")
        case .questionTooLong: self = .invalid(path + "question", "\(error)")
        case .options: self = .invalid(nil, "\(error)")
        default: self.init(.internalServerError, "internal", "\(error)")
        }
    }
}

extension APIError {
    /// The error of a request for a document store's error.
    init(_ error: DocumentStoreError) {
        let message = error.description
        switch error.kind {
        case .id: self = .invalid("id", message)
        case .limit: self.init(.conflict, "store_full", message)
        case .diskFull:
            self.init(HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "disk_full", message)
        case .disabled: self.init(.notImplemented, "no_documents", message)
        case .removed, .unavailable, .corrupt, .encoder:
            self.init(.serviceUnavailable, "documents_unavailable", message)
        case .unreachable:
            self.init(.serviceUnavailable, "documents_unavailable", message)
            retryAfter = 1
        case .failed: self.init(.internalServerError, "internal", message)
        }
    }

    /// What a wrong field of a document, or of a filter, means for a request.
    init(_ error: DocumentFieldError) { self = .invalid(error.field, error.description) }
}

extension Response {
    /// A JSON document.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        .bytes(ByteBuffer(string: value.serialized()), type: "application/json", status: status)
    }

    static func bytes(_ buffer: ByteBuffer, type: String, status: HTTPResponse.Status = .ok) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.contentLength] = String(buffer.readableBytes)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: buffer))
    }
}
