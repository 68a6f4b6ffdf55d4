import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1

/// What happens to every request: an id, the key, errors as JSON, a line in the log, a count.
struct RequestPipeline: RouterMiddleware {
    typealias Context = ServerContext

    let apiKey: APIKey?
    let paths: KnownPaths
    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let identity = RequestIdentity(header: request.headers[.requestID])
        var context = context
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request_id"] = "\(identity.text)"
        metrics.beginRequest()
        var response: Response
        do {
            try authorise(request, route: context.endpointPath)
            response = try await next(request, context)
        } catch let error as HTTPParserError {
            metrics.endRequest(route: "malformed", status: 400, duration: start.duration(to: .now))
            throw error
        } catch {
            response = answer(to: error, request: request, logger: context.logger)
                .response(requestID: identity.text)
        }
        response.headers[.requestID] = identity.text
        response.headers[.contentTypeOptions] = "nosniff"
        let duration = start.duration(to: .now)
        let route = context.endpointPath.map { $0 == "NotFound" ? "unknown" : $0 } ?? "unknown"
        metrics.endRequest(
            route: "\(Self.known(request.method)) \(route)", status: response.status.code, duration: duration)
        context.logger.info(
            "answered",
            metadata: [
                "method": "\(request.method.rawValue)", "path": "\(request.uri.path)",
                "status": "\(response.status.code)", "seconds": "\(duration.inSeconds)",
            ])
        return response
    }

    /// The method, or one word for those that clients invent: there must be few routes to count.
    private static func known(_ method: HTTPRequest.Method) -> String {
        [.get, .head, .put, .post, .delete].contains(method) ? method.rawValue : "OTHER"
    }

    /// The routes that answer without the key: the page, its description and what watches the server. They reveal nothing
    /// of documents or questions.
    private static let openRoutes: Set<String> = ["/", "/health", "/ready", "/metrics", "/openapi.json"]

    /// Requires the key where there is one, for everything that is not known to be open.
    ///
    /// It is the route that counts, as the router matched it, not the path: `//v1/documents` is routed as `/v1/documents`.
    private func authorise(_ request: Request, route: String?) throws(APIError) {
        guard let apiKey else { return }
        let isReading = request.method == .get || request.method == .head
        if isReading, let route, Self.openRoutes.contains(route) { return }
        guard apiKey.admits(authorization: request.headers[.authorization]) else {
            throw APIError(
                .unauthorized, "unauthorized", "send the API key in the header: Authorization: Bearer KEY")
        }
    }

    private func answer(to error: any Error, request: Request, logger: Logger) -> APIError {
        switch error {
        case let error as APIError:
            if error.status.code == 500 { logger.error("failed", metadata: ["error": "\(error.message)"]) }
            return error
        case let error as HTTPError where error.status == .notFound:
            guard let methods = paths.methods(request.uri.path) else {
                return APIError(
                    .notFound, "not_found", "there is nothing at this path; /openapi.json says what there is")
            }
            var answer = APIError(
                .methodNotAllowed, "method_not_allowed", "this path knows \(methods.joined(separator: ", "))")
            answer.allow = methods.joined(separator: ", ")
            return answer
        case let error as HTTPError where error.status.kind == .clientError:
            return APIError(error.status, "refused", error.body ?? error.status.reasonPhrase)
        case is CancellationError:
            return APIError(
                HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"), "cancelled", "the client left")
        default:
            logger.error("failed", metadata: ["error": "\(error)"])
            return APIError(
                .internalServerError, "internal", "the server failed; its log has more under this request's id")
        }
    }
}

extension HTTPField.Name {
    static let requestID = literal("x-request-id")
    static let contentTypeOptions = literal("x-content-type-options")
    static let referrerPolicy = literal("referrer-policy")

    private static func literal(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a field") }
        return field
    }
}
