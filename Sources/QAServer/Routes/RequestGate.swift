import Hummingbird
import NIOCore
import StrictJSON

/// Lets requests in that there is room for, and gives up those whose client has left.
struct RequestGate: Sendable {
    /// For what is being answered.
    let permits: Permits
    /// For bodies that are on their way: slow clients must not take the room of those who wait for an answer.
    let arrivals: Permits
    let connections: ClientConnections
    let payloadBytes: Int

    /// Answers a request that has a JSON object for a body.
    func answer(
        _ request: Request, _ context: ServerContext,
        _ body: @escaping @Sendable (RequestFields) async throws -> JSONValue
    ) async throws -> Response {
        try await enter(request, context) { buffer in try await Response.json(body(RequestFields(body: buffer))) }
    }

    /// Runs `body` with the request's payload.
    ///
    /// - Throws: `APIError` with 429 if there is no room, 413 if the payload is too large; what `body` throws.
    func enter(
        _ request: Request, _ context: ServerContext,
        _ body: @escaping @Sendable (ByteBuffer) async throws -> Response
    ) async throws -> Response {
        try permits.check()
        let buffer = try await arrivals.run { try await collect(request) }
        return try await permits.run {
            guard let connection = connections[context.channel] else { throw CancellationError() }
            return try await connection.whilePresent { try await body(buffer) }
        }
    }

    private func collect(_ request: Request) async throws -> ByteBuffer {
        let tooLarge = APIError(
            .contentTooLarge, "too_large", "the body has more than \(payloadBytes) bytes, which is the limit")
        if let length = request.headers[.contentLength].flatMap(Int.init), length > payloadBytes { throw tooLarge }
        do {
            return try await request.body.collect(upTo: payloadBytes)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw tooLarge
        }
    }
}
