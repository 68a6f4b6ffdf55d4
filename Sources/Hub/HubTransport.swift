import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// Sends requests, through a proxy if the environment names one.
struct HubTransport: Sendable {
    let proxies: ProxySettings

    /// How a client reaches servers. Each has connections of its own, which are kept.
    private enum Route: Hashable {
        case direct
        /// The proxy connects to the server and passes bytes on.
        case tunnel(ProxySettings.Proxy)
        /// The proxy requests the page itself: how plain HTTP goes through a proxy.
        case forward(ProxySettings.Proxy)
    }

    private static let clients = Mutex<[Route: HTTPClient]>([:])

    /// Sends a request. Redirects are returned, not followed: a token must not reach another host.
    ///
    /// - Parameters:
    ///   - start: the first byte that is wanted.
    ///   - headers: more headers.
    /// - Throws: `HubError.network` with a sentence that says what failed; `.settings` for a proxy that cannot be used.
    func send(
        _ address: String, method: HTTPMethod, token: String? = nil, from start: Int = 0, headers: HTTPHeaders = [:],
        body: HTTPClientRequest.Body? = nil
    ) async throws(HubError) -> HTTPClientResponse {
        guard let url = URL(string: address), let host = url.host(), ["http", "https"].contains(url.scheme) else {
            throw .settings("\(address) is not a hub's address; expected one that begins with https://")
        }
        let proxy = try proxies.proxy(for: url)
        var request = HTTPClientRequest(url: address)
        var route = Route.direct
        if let proxy { route = proxy.kind == .http && url.scheme == "http" ? .forward(proxy) : .tunnel(proxy) }
        if case .forward(let proxy) = route {
            request.url = Self.forwarded(url, to: proxy)
            request.headers.add(name: "Host", value: url.port.map { "\(host):\($0)" } ?? host)
            if let credentials = proxy.credentials {
                request.headers.add(name: "Proxy-Authorization", value: "Basic \(credentials)")
            }
        }
        request.method = method
        request.body = body
        request.headers.add(contentsOf: headers)
        request.headers.add(name: "User-Agent", value: "bertqa")
        // Compressed answers have another size and checksum.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if start > 0 { request.headers.add(name: "Range", value: "bytes=\(start)-") }
        do {
            return try await Self.client(route).execute(request, deadline: .now() + .hours(24))
        } catch {
            throw .network(NetworkFailure.sentence(error, host: host, proxy: proxy))
        }
    }

    /// The address of the proxy with the path of the server's: `AbsoluteTarget` puts the server's name before it.
    private static func forwarded(_ url: URL, to proxy: ProxySettings.Proxy) -> String {
        let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
        let (path, query) = (url.path(percentEncoded: true), url.query(percentEncoded: true))
        return
            "http://\(host):\(proxy.port)\(path.isEmpty ? "/" : path)\(query.map { "?\($0)" } ?? "")"
    }

    private static func client(_ route: Route) -> HTTPClient {
        clients.withLock { clients in
            if let client = clients[route] { return client }
            var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
            configuration.timeout = .init(connect: .seconds(15), read: .seconds(60), write: .seconds(60))
            // A failure is reported at once; who retries is `Backoff`.
            configuration.connectionPool.retryConnectionEstablishment = false
            switch route {
            case .direct: break
            case .tunnel(let proxy) where proxy.kind == .socks:
                configuration.proxy = .socksServer(host: proxy.host, port: proxy.port)
            case .tunnel(let proxy):
                configuration.proxy = .server(
                    host: proxy.host, port: proxy.port,
                    authorization: proxy.credentials.map { .basic(credentials: $0) })
            case .forward: configuration.http1_1ConnectionDebugInitializer = AbsoluteTarget.add
            }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[route] = client
            return client
        }
    }
}

/// Puts the whole address into the request line, as a proxy for plain HTTP expects.
///
/// - Source: RFC 9112, section 3.2.2. AsyncHTTPClient itself asks every proxy to connect, which many refuse for plain
///   HTTP.
private final class AbsoluteTarget: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// Puts the handler where requests are not bytes yet.
    @Sendable
    static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
            try pipeline.addHandler(AbsoluteTarget(), position: .after(encoder))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var part = unwrapOutboundIn(data)
        if case .head(var head) = part, let host = head.headers.first(name: "host") {
            head.uri = "http://\(host)\(head.uri)"
            part = .head(head)
        }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
