import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// What the hub says of a file before it is fetched.
struct HubFileInfo: Sendable, Hashable {
    /// The commit that the revision stands for.
    let commit: String
    /// What names the file's contents.
    let etag: String
    /// Bytes; nil where the hub does not say.
    let size: Int?
    /// Where the contents are: the hub itself, or a store that it points to.
    let address: String
    /// Whether the token may be shown there.
    let isHub: Bool
}

/// Talks to the hub.
struct HubClient: Sendable {
    let settings: HubSettings
    let id: HubModelID
    /// How often a transfer that broke off is taken up again.
    var retries = 5
    /// The pause before the first of them; each next one is twice as long.
    var pause = Duration.milliseconds(500)

    private var http: HTTPClient { Self.client }

    /// Redirects are followed by hand: the token must not reach another host.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(15), read: .seconds(60))
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Asks for a file's commit, checksum and place.
    ///
    /// - Source: `get_hf_file_metadata` of huggingface_hub: redirects on the hub itself are followed, one to another host is
    ///   where the contents are.
    func info(_ file: String) async throws -> HubFileInfo {
        var address = "\(settings.endpoint)/\(id.repository)/resolve/\(id.revision)/\(file)"
        for _ in 0..<5 {
            let response = try await send(address, method: .HEAD, range: nil, showsToken: true)
            let redirect =
                (300..<400).contains(Int(response.status.code)) ? response.headers.first(name: "location") : nil
            if redirect == nil, response.status != .ok { throw failure(response, file, address) }
            if let redirect, redirect.hasPrefix("/") {
                address = settings.endpoint + redirect
                continue
            }
            guard let commit = response.headers.first(name: "x-repo-commit"),
                let etag = response.headers.first(name: "x-linked-etag") ?? response.headers.first(name: "etag")
            else { throw HubError.status(Int(response.status.code), "\(address), without X-Repo-Commit and ETag") }
            let size = response.headers.first(name: "x-linked-size") ?? response.headers.first(name: "content-length")
            return HubFileInfo(
                commit: commit, etag: try Self.name(etag), size: size.flatMap { Int($0) }, address: redirect ?? address,
                isHub: redirect == nil || redirect?.hasPrefix(settings.endpoint + "/") == true)
        }
        throw HubError.network("\(address) redirects in a circle")
    }

    /// Fetches contents into a file, going on behind what is there; takes up again what breaks off.
    ///
    /// - Parameter progress: told the bytes that are there.
    func fetch(_ info: HubFileInfo, to path: String, progress: @Sendable (Int) -> Void) async throws {
        var wait = pause
        for attempt in 0... {
            do {
                try await fetchOnce(info, to: path, progress: progress)
                return
            } catch let error as HubError {
                guard case .network = error, attempt < retries else { throw error }
            }
            try await Task.sleep(for: wait)
            wait = wait * 2
        }
    }

    private func fetchOnce(_ info: HubFileInfo, to path: String, progress: @Sendable (Int) -> Void) async throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw HubError.cache("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var there = Int(lseek(descriptor, 0, SEEK_END))
        if let size = info.size, there == size { return }
        if let size = info.size, there > size { there = 0 }
        let response = try await send(info.address, method: .GET, range: there, showsToken: info.isHub)
        switch response.status {
        case .partialContent: break
        case .ok: there = 0
        case .rangeNotSatisfiable:
            ftruncate(descriptor, 0)
            throw HubError.network("\(info.address) has another size than before")
        default: throw failure(response, "", info.address)
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
            throw HubError.network("\(info.address) broke off after \(there) bytes: \(error)")
        }
        if let size = info.size, there < size {
            throw HubError.network("\(info.address) broke off after \(there) of \(size) bytes")
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

    private func send(
        _ address: String, method: HTTPMethod, range: Int?, showsToken: Bool
    ) async throws(HubError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address)
        request.method = method
        request.headers.add(name: "User-Agent", value: "bertqa")
        // Compressed answers have another size and checksum.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if showsToken, let token = settings.token {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        if let range, range > 0 { request.headers.add(name: "Range", value: "bytes=\(range)-") }
        do {
            return try await http.execute(request, deadline: .now() + .hours(24))
        } catch {
            throw .network("\(address): \(error)")
        }
    }

    private func failure(_ response: HTTPClientResponse, _ file: String, _ address: String) -> HubError {
        let hasToken = settings.token != nil
        switch (Int(response.status.code), response.headers.first(name: "x-error-code")) {
        case (_, "RepoNotFound"): return .noRepository(id.repository, hasToken: hasToken)
        case (_, "RevisionNotFound"): return .noRevision("\(id)")
        case (_, "EntryNotFound"): return .noFile("\(id)", file: file)
        case (_, "GatedRepo"): return .gated(id.repository, endpoint: settings.endpoint)
        // The hub hides private models behind 401 from those who show no token.
        case (401, _): return hasToken ? .unauthorised(id.repository) : .noRepository(id.repository, hasToken: false)
        case (403, _): return .gated(id.repository, endpoint: settings.endpoint)
        case (404, _): return .noFile("\(id)", file: file)
        case (let code, _) where code == 429 || code >= 500: return .network("\(address) answers \(code)")
        case (let code, _): return .status(code, address)
        }
    }

    /// An etag as a file name: without quotes and the mark of weak ones. One that would leave its folder is refused.
    private static func name(_ etag: String) throws(HubError) -> String {
        var text = Substring(etag)
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        text = text.drop { $0 == "\"" }
        while text.hasSuffix("\"") { text = text.dropLast() }
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: "/") }), text != "..", text != "."
        else {
            throw .status(200, "a file whose ETag is '\(etag)'")
        }
        return String(text)
    }
}
