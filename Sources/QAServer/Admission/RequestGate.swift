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
            guard let channel = context.channel else { return try await body(admitted).holding(reservation) }
            guard let connection = connections[channel] else { throw CancellationError() }
            return try await connection.whilePresent { try await body(admitted).holding(reservation) }
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

extension Response {
    /// Bytes that are written at once; more go out piece by piece, each when the client has taken most of those before.
    private static let pieceBytes = 65_536

    /// Keeps the request's share of memory until the client has taken the response, but for its last pieces.
    fileprivate func holding(_ reservation: Reservation) throws(APIError) -> Response {
        guard let length = body.contentLength, length > Self.pieceBytes else { return self }
        try reservation.add(length)
        let whole = body
        var response = self
        response.body = ResponseBody(contentLength: length) { writer in
            try await whole.write(PieceWriter(inner: writer, size: Self.pieceBytes))
            withExtendedLifetime(reservation) {}
        }
        return response
    }
}

/// Cuts what is written into pieces.
private struct PieceWriter: ResponseBodyWriter {
    var inner: any ResponseBodyWriter
    let size: Int

    mutating func write(_ buffer: ByteBuffer) async throws {
        var rest = buffer
        while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
            try await inner.write(piece)
        }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await inner.finish(trailingHeaders)
    }
}
