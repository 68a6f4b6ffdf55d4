import HTTPTypes
import Hummingbird

/// Which requests a browser may send here: the names that this server answers to, and the web pages that may call it.
///
/// A page of another origin must not use a server on its reader's machine, neither directly nor through a name of its
/// own that resolves to 127.0.0.1 (DNS rebinding).
struct AccessPolicy: Sendable {
    /// Nil accepts every `Host`.
    private let hosts: Set<String>?
    private let origins: Set<String>
    private let allowsEveryOrigin: Bool

    private static let loopbackNames: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

    /// - Parameters:
    ///   - host: the address that the server listens on, nil if it is not known; on loopback only names of loopback
    ///     are accepted.
    ///   - allowedHosts: further names; where there are any, the check applies to every address.
    ///   - allowedOrigins: origins of pages that may call the API, as `https://app.example`; `*` allows all.
    init(host: String?, allowedHosts: [String], allowedOrigins: [String]) {
        let own = host.map { Self.name(of: $0.contains(":") ? "[\($0)]" : $0) }
        let isLoopback = own.map { Self.loopbackNames.contains($0) || $0.hasPrefix("127.") } ?? false
        var names = Set(allowedHosts.map { Self.name(of: $0) })
        let isChecked = isLoopback || !names.isEmpty
        names.formUnion(Self.loopbackNames)
        if let own { names.insert(own) }
        hosts = isChecked ? names : nil
        origins = Set(allowedOrigins.map { Self.normalised($0) })
        allowsEveryOrigin = allowedOrigins.contains("*")
    }

    /// Refuses a request that names another host, or that a page of another origin sends.
    ///
    /// - Throws: `APIError` with status 400 or 403.
    func check(_ request: Request, route: String?) throws(APIError) {
        if route != "/health", route != "/ready" { try checkHost(request) }
        guard let page = foreignPage(request, route: route) else { return }
        throw APIError(
            .forbidden, "forbidden_origin",
            "\(page) may not use this server; its operator can allow that origin")
    }

    /// The origin of the page that sends a request, if pages of that origin may.
    func allowedOrigin(_ request: Request) -> String? {
        guard let origin = request.headers[.origin], allows(origin) else { return nil }
        return origin
    }

    private func checkHost(_ request: Request) throws(APIError) {
        guard let hosts else { return }
        // A second Host field stays among the headers.
        guard request.headers[.host] == nil else { throw APIError(.badRequest, "malformed", "Host is given twice") }
        // Programs of HTTP/1.0 send none; browsers always do.
        guard let authority = request.head.authority else { return }
        let name = Self.name(of: authority)
        guard hosts.contains(name) else {
            throw APIError(
                .forbidden, "forbidden_host",
                "this server does not answer to the name '\(name.prefix(100))'; its operator can allow it")
        }
    }

    /// The page that a browser says the request comes from, if it is of another origin that is not allowed.
    ///
    /// `Sec-Fetch-Site` is set by the browser and cannot be forged by a page; browsers that don't send it send
    /// `Origin`.
    private func foreignPage(_ request: Request, route: String?) -> String? {
        let origin = request.headers[.origin]
        if let origin, allows(origin) { return nil }
        let site = request.headers[.fetchSite]
        if site == "same-origin" || site == "none" { return nil }
        if let origin {
            let isOwn =
                request.head.authority.map { Self.normalised("http://" + $0) } == Self.normalised(origin, "http")
            return isOwn ? nil : "a page of the origin \(origin.prefix(100))"
        }
        guard site == "cross-site" else { return nil }
        // Following a link to the page is not using the API.
        let isVisit = request.method == .get && route == "/" && request.headers[.fetchMode] == "navigate"
        return isVisit ? nil : "a page of another site"
    }

    private func allows(_ origin: String) -> Bool { allowsEveryOrigin || origins.contains(Self.normalised(origin)) }

    /// The name in `name:port`, in small letters; brackets of an IPv6 address stay.
    private static func name(of authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[...end]) }
        let name = text.prefix { $0 != ":" }
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }

    /// An origin in small letters without its default port.
    ///
    /// - Parameter scheme: takes the place of the origin's own, so that a server behind a proxy that speaks TLS knows
    ///   its origin.
    private static func normalised(_ origin: String, _ scheme: String? = nil) -> String {
        var text = origin.lowercased()
        for (name, port) in [("http", ":80"), ("https", ":443")] where text.hasPrefix(name + "://") {
            if text.hasSuffix(port) { text.removeLast(port.utf8.count) }
            if let scheme { text = scheme + text.dropFirst(name.utf8.count) }
            break
        }
        return text
    }
}

extension AccessPolicy {
    /// The answer to a browser that asks whether a page may send a request (CORS preflight); nil for anything else.
    ///
    /// - Parameter methods: those of the path.
    func preflight(_ request: Request, methods: [String]?) -> Response? {
        guard request.method == .options, let methods, request.headers[.requestMethod] != nil,
            allowedOrigin(request) != nil
        else { return nil }
        var response = Response(status: .noContent)
        response.headers[.allowMethods] = methods.joined(separator: ", ")
        response.headers[.allowHeaders] = "authorization, content-type, x-request-id, traceparent, tracestate"
        response.headers[.maxAge] = "600"
        return response
    }

    /// Lets the page that sent a request read the response, if pages of its origin may.
    func share(_ response: inout Response, with request: Request) {
        guard let origin = allowedOrigin(request) else { return }
        response.headers[.allowOrigin] = origin
        response.headers[.vary] = "Origin"
        response.headers[.exposeHeaders] = "location, retry-after, x-request-id"
    }
}

extension HTTPField.Name {
    static let fetchSite = literal("sec-fetch-site")
    static let fetchMode = literal("sec-fetch-mode")
    static let host = literal("host")
    static let requestMethod = literal("access-control-request-method")
    static let allowMethods = literal("access-control-allow-methods")
    static let allowHeaders = literal("access-control-allow-headers")
    static let allowOrigin = literal("access-control-allow-origin")
    static let exposeHeaders = literal("access-control-expose-headers")
    static let maxAge = literal("access-control-max-age")

    /// A name that is known to be valid.
    static func literal(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is not the name of a header") }
        return field
    }
}
