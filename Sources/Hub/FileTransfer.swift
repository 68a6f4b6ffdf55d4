import AsyncHTTPClient
import Files
import Foundation
import NIOCore
import NIOHTTP1

/// Fetches a file over HTTP, going on behind what is there, and takes up again what breaks off.
struct FileTransfer: Sendable {
    let address: String
    /// Bytes; nil where they are not known.
    let size: Int?
    /// Who is asking; nil for anybody.
    var token: String?
    /// How often a transfer that broke off is taken up again.
    var retries = 5
    /// The pause before the first of them; each next one is twice as long.
    var pause = Duration.milliseconds(500)

    /// Redirects are followed by hand: a token must not reach another host.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(15), read: .seconds(60))
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// The most bytes of a file whose size was not announced: no file of a model but its weights is larger, and the size of
    /// those is always announced.
    private static let largestUnannounced = 1 << 30

    init(address: String, size: Int?, token: String? = nil) {
        self.address = address
        self.size = size
        self.token = token
    }

    /// Sends a request without a body.
    static func send(
        _ address: String, method: HTTPMethod, token: String? = nil, from start: Int = 0
    ) async throws(HubError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address)
        request.method = method
        request.headers.add(name: "User-Agent", value: "bertqa")
        // Compressed answers have another size and checksum.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if start > 0 { request.headers.add(name: "Range", value: "bytes=\(start)-") }
        do {
            return try await client.execute(request, deadline: .now() + .hours(24))
        } catch {
            throw .network("\(address): \(error)")
        }
    }

    /// Fetches the contents into a file.
    ///
    /// - Parameters:
    ///   - failure: what an answer means that is no file.
    ///   - progress: told the bytes that are there.
    func fetch(
        to path: String, failure: (HTTPClientResponse) -> HubError, progress: @Sendable (Int) -> Void
    ) async throws {
        var wait = pause
        for attempt in 0... {
            do {
                try await fetchOnce(to: path, failure: failure, progress: progress)
                return
            } catch let error as FileError {
                throw HubError.cache("\(error)")
            } catch let error as HubError {
                guard case .network = error, attempt < retries else { throw error }
            }
            try await Task.sleep(for: wait)
            wait = wait * 2
        }
    }

    private func fetchOnce(
        to path: String, failure: (HTTPClientResponse) -> HubError, progress: @Sendable (Int) -> Void
    ) async throws {
        let output = try FileOutput(appendingTo: path)
        var there = try output.size()
        if let size, there == size { return }
        if let size, there > size { there = 0 }
        let response = try await Self.send(address, method: .GET, token: token, from: there)
        switch response.status {
        case .partialContent: break
        case .ok: there = 0
        case .rangeNotSatisfiable:
            try output.truncate(to: 0)
            throw HubError.network("\(address) has another size than before")
        default: throw failure(response)
        }
        try output.truncate(to: there)
        let limit = size ?? Self.largestUnannounced
        do {
            for try await part in response.body {
                there += part.readableBytes
                guard there <= limit else {
                    try output.truncate(to: 0)
                    throw HubError.tooLong(address, limit: limit)
                }
                try part.withUnsafeReadableBytes { try output.append(contentsOf: $0) }
                progress(there)
            }
        } catch let error as HubError {
            throw error
        } catch let error as FileError {
            throw error
        } catch {
            // What came is kept: the next attempt goes on behind it.
            try output.flush()
            throw HubError.network("\(address) broke off after \(there) bytes: \(error)")
        }
        if let size = size, there < size {
            try output.flush()
            throw HubError.network("\(address) broke off after \(there) of \(size) bytes")
        }
        // The name that the file gets says that it is whole, after a power failure too.
        try output.synchronize()
    }
}
