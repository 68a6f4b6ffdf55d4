import AsyncHTTPClient
import Files
import Foundation
import NIOCore

/// Fetches a file over HTTP. A transfer that breaks off is resumed where it ended.
struct FileTransfer: Sendable {
    let transport: HubTransport
    let address: String
    /// Bytes; nil if they are not known.
    let size: Int?
    /// The token to send; nil sends none.
    var token: String?

    /// The most bytes of a file whose size was not announced: no file of a model but its weights is larger, and the
    /// size of those is always announced.
    private static let largestUnannounced = 1 << 30

    init(transport: HubTransport, address: String, size: Int?, token: String? = nil) {
        self.transport = transport
        self.address = address
        self.size = size
        self.token = token
    }

    /// Fetches the contents into a file and syncs it.
    ///
    /// - Parameters:
    ///   - failure: the error for a response that is not a file.
    ///   - progress: called with the number of bytes received so far.
    func fetch(
        to path: String, failure: (HTTPClientResponse) -> HubError, progress: @Sendable (Int) -> Void
    ) async throws {
        try await Backoff().run { _ in
            do {
                try await fetchOnce(to: path, failure: failure, progress: progress)
            } catch let error as FileError {
                throw HubError.cache("\(error)")
            }
        }
    }

    private func fetchOnce(
        to path: String, failure: (HTTPClientResponse) -> HubError, progress: @Sendable (Int) -> Void
    ) async throws {
        let output = try FileOutput(appendingTo: path)
        var there = try output.size()
        if let size, there == size { return try output.synchronize() }
        if let size, there > size { there = 0 }
        let response = try await answer(from: there)
        switch response.status {
        case .partialContent: break
        case .ok: there = 0
        case .rangeNotSatisfiable:
            try output.truncate(to: 0)
            throw HubError.network("\(address) has a different size than before")
        default: throw failure(response)
        }
        try output.truncate(to: there)
        try await receive(response, into: output, &there, progress)
        if let size, there < size {
            throw HubError.network("\(address): the connection ended after \(there) of \(size) bytes")
        }
        // The name that the file gets says that it is whole, after a power failure too.
        try output.synchronize()
    }

    /// Requests the bytes from an offset on. Redirects to another server are followed without the token.
    private func answer(from start: Int) async throws -> HTTPClientResponse {
        var (address, token) = (address, token)
        for _ in 0..<5 {
            let response = try await transport.send(address, method: .GET, token: token, from: start)
            guard let next = try Redirect.target(of: response, from: address) else { return response }
            if !Redirect.isOneOrigin(address, next) { token = nil }
            address = next
        }
        throw HubError.network("\(address) redirects in a circle")
    }

    /// Appends the body to the file. What arrived before a failure stays, for the next attempt; more than was announced
    /// is refused.
    private func receive(
        _ response: HTTPClientResponse, into output: FileOutput, _ there: inout Int, _ progress: @Sendable (Int) -> Void
    ) async throws {
        let limit = size ?? Self.largestUnannounced
        var parts = response.body.makeAsyncIterator()
        while true {
            let part: ByteBuffer
            do {
                guard let next = try await parts.next() else { break }
                part = next
            } catch {
                try output.flush()
                throw HubError.network("\(address): the connection ended after \(there) bytes: \(error)")
            }
            there += part.readableBytes
            guard there <= limit else {
                unlink(output.path)
                throw HubError.tooLong(address, limit: limit)
            }
            try part.withUnsafeReadableBytes { try output.append(contentsOf: $0) }
            progress(there)
        }
        try output.flush()
    }
}

/// The target of a redirect.
enum Redirect {
    /// The address that a response redirects to; nil if it does not redirect.
    ///
    /// - Throws: `HubError.untrusted` for one that is not HTTP, or leaves TLS.
    static func target(of response: HTTPClientResponse, from address: String) throws(HubError) -> String? {
        guard (300..<400).contains(Int(response.status.code)),
            let location = response.headers.first(name: "location")
        else { return nil }
        guard let base = URL(string: address), let url = URL(string: location, relativeTo: base)?.absoluteURL,
            url.scheme == "https" || (url.scheme == "http" && base.scheme == "http"), url.host() != nil
        else { throw .untrusted("\(address) redirects to \(location.debugDescription)") }
        return url.absoluteString
    }

    /// Whether two addresses are of one server.
    static func isOneOrigin(_ one: String, _ other: String) -> Bool {
        guard let one = URL(string: one), let other = URL(string: other) else { return false }
        return one.scheme == other.scheme && one.host() == other.host() && one.port == other.port
    }
}
