import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// A request that was let in: its body, and its share of the memory for requests.
struct AdmittedRequest: Sendable {
    let body: ByteBuffer
    let reservation: Reservation
}

/// Lets requests in that there is room for, and cancels those whose client has left.
struct RequestGate: Sendable {
    /// For requests that are being answered.
    let permits: Permits
    /// For bodies that are on their way: slow clients must not take the room of those who wait for an answer.
    let arrivals: Permits
    let memory: MemoryBudget
    let connections: ClientConnections
    let payloadBytes: Int

    /// Runs `body` with the request's payload.
    ///
    /// - Throws: `APIError` with 429 if there is no room, 413 if the payload is too large; what `body` throws.
    func enter(
        _ request: Request, _ context: ServerContext,
        _ body: @escaping @Sendable (AdmittedRequest) async throws -> Response
    ) async throws -> Response {
        try permits.check()
        let reservation = memory.reservation()
        let buffer = try await arrivals.run { try await collect(request, reservation) }
        return try await permits.run {
            let admitted = AdmittedRequest(body: buffer, reservation: reservation)
            guard let channel = context.channel else { return try await body(admitted) }
            guard let connection = connections[channel] else { throw CancellationError() }
            return try await connection.whilePresent {
                let response = try await body(admitted)
                try reservation.add(response.body.contentLength ?? 0)
                connection.hold(reservation)
                return response
            }
        }
    }

    private func collect(_ request: Request, _ reservation: Reservation) async throws -> ByteBuffer {
        let tooLarge = APIError(
            .contentTooLarge, "too_large", "the body has more than \(payloadBytes) bytes, which is the limit")
        if let length = request.headers[.contentLength].flatMap(Int.init), length > payloadBytes { throw tooLarge }
        var whole = ByteBuffer()
        do {
            for try await var part in request.body {
                guard whole.readableBytes + part.readableBytes <= payloadBytes else { throw tooLarge }
                try reservation.add(part.readableBytes)
                whole.writeBuffer(&part)
            }
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw tooLarge
        }
        return whole
    }
}
