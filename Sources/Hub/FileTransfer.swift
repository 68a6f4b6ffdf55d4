import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

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
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw HubError.cache("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var there = Int(lseek(descriptor, 0, SEEK_END))
        if let size = size, there == size { return }
        if let size = size, there > size { there = 0 }
        let response = try await Self.send(address, method: .GET, token: token, from: there)
        switch response.status {
        case .partialContent: break
        case .ok: there = 0
        case .rangeNotSatisfiable:
            ftruncate(descriptor, 0)
            throw HubError.network("\(address) has another size than before")
        default: throw failure(response)
        }
        guard ftruncate(descriptor, off_t(there)) == 0, lseek(descriptor, off_t(there), SEEK_SET) == off_t(there) else {
            throw HubError.cache("\(path): \(String(cString: strerror(errno)))")
        }
        do {
            for try await part in response.body {
                try write(part, to: descriptor, path)
                there += part.readableBytes
                progress(there)
            }
        } catch let error as HubError {
            throw error
        } catch {
            throw HubError.network("\(address) broke off after \(there) bytes: \(error)")
        }
        if let size = size, there < size {
            throw HubError.network("\(address) broke off after \(there) of \(size) bytes")
        }
    }

    private func write(_ part: ByteBuffer, to descriptor: Int32, _ path: String) throws(HubError) {
        var rest = part.readableBytesView
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .cache("\(path): \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(written)
        }
    }
}
