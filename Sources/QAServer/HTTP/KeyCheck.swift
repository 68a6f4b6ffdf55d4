import HTTPTypes
import Hummingbird

/// Requires the API key, if there is one, for everything that is not known to be open.
struct KeyCheck: Sendable {
    let key: APIKey?
    private let failures = FailedKeys()

    init(_ key: APIKey?) {
        self.key = key
    }

    /// The routes that answer without the key: the page, its description and what watches the server. They reveal
    /// nothing of documents or questions.
    private static let openRoutes: Set<String> = ["/", "/health", "/ready", "/metrics", "/openapi.json"]

    /// It is the route that counts, as the router matched it, not the path: `//v1/documents` is routed as
    /// `/v1/documents`.
    ///
    /// - Throws: `APIError` with status 401, or 429 for an address that has tried too many keys.
    func check(_ request: Request, route: String?, address: String?) throws(APIError) {
        guard let key else { return }
        let isReading = request.method == .get || request.method == .head
        if isReading, let route, Self.openRoutes.contains(route) { return }
        let unauthorized = APIError(
            .unauthorized, "unauthorized", "send the API key in the header: Authorization: Bearer KEY")
        guard let tried = APIKey.bearer(request.headers[.authorization]) else { throw unauthorized }
        let address = address ?? "unknown"
        if let seconds = failures.wait(for: address) {
            var error = APIError(
                .tooManyRequests, "too_many_keys",
                "this address has tried too many wrong API keys; try again in \(seconds) s")
            error.retryAfter = seconds
            throw error
        }
        guard key.matches(tried) else {
            failures.count(tried, from: address)
            throw unauthorized
        }
    }
}
