import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Retrieval
import Tracing

/// What happens to every request: an id, the checks of who may ask, errors as JSON, a span, a line in the log, a count.
struct RequestPipeline: RouterMiddleware {
    let access: AccessPolicy
    let keys: KeyCheck
    let paths: KnownPaths
    let metrics: ServerMetrics
    let drain: Drain

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let identity = RequestIdentity(header: request.headers[.requestID])
        var context = context
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request_id"] = "\(identity.text)"
        if let trace = TraceParent(header: request.headers[.traceParent]) {
            context.logger[metadataKey: "trace_id"] = "\(trace.traceID)"
        }
        metrics.beginRequest()
        let route = Self.route(request, context)
        var response: Response
        do {
            response = try await traced(request, context, route: route, identity, next)
        } catch {
            // What is not HTTP; the connection's handler has answered.
            metrics.endRequest(route: "malformed", status: 400, duration: start.duration(to: .now))
            throw error
        }
        response.headers[.requestID] = identity.text
        response.headers[.contentTypeOptions] = "nosniff"
        access.share(&response, with: request)
        let duration = start.duration(to: .now)
        metrics.endRequest(route: route, status: response.status.code, duration: duration)
        context.logger.info(
            "answered",
            metadata: [
                "method": "\(request.method.rawValue)", "path": "\(request.uri.path)",
                "status": "\(response.status.code)", "seconds": "\(duration.inSeconds)",
            ])
        return response
    }

    private func traced(
        _ request: Request, _ context: ServerContext, route: String, _ identity: RequestIdentity,
        _ next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var parent = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(request.headers, into: &parent, using: HeaderExtractor())
        return try await withSpan(route, context: parent, ofKind: .server) { span in
            let response: Response
            do {
                response = try await admitted(request, context, next)
            } catch let error as HTTPParserError {
                throw error
            } catch {
                response = answer(to: error, request: request, logger: context.logger)
                    .response(requestID: identity.text)
            }
            span.attributes["http.response.status_code"] = Int(response.status.code)
            if response.status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
            return response
        }
    }

    /// Checks who asks, then answers.
    private func admitted(
        _ request: Request, _ context: ServerContext, _ next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let route = context.endpointPath
        try access.check(request, route: route)
        if let preflight = access.preflight(request, methods: paths.methods(request.uri.path)) { return preflight }
        let address = keys.key == nil ? nil : context.channel?.remoteAddress?.ipAddress
        try keys.check(request, route: route, address: address)
        return try await next(request, context)
    }

    /// The route as it is counted: the method, or one word for those that clients invent, and the path's pattern. There
    /// must be few.
    private static func route(_ request: Request, _ context: ServerContext) -> String {
        let isKnown = [.get, .head, .put, .post, .delete, .options].contains(request.method)
        let path = context.endpointPath.map { $0 == "NotFound" ? "unknown" : $0 } ?? "unknown"
        return "\(isKnown ? request.method.rawValue : "OTHER") \(path)"
    }

    private func answer(to error: any Error, request: Request, logger: Logger) -> APIError {
        switch error {
        case let error as APIError:
            if error.status.code == 500 { logger.error("failed", metadata: ["error": "\(error.message)"]) }
            return error
        case let error as DocumentStoreError:
            if error.isServersFault { logger.error("documents failed", metadata: ["error": "\(error)"]) }
            return APIError(error)
        case let error as HTTPError where error.status == .notFound:
            guard let methods = paths.methods(request.uri.path) else {
                return APIError(
                    .notFound, "not_found", "there is nothing at this path; /openapi.json lists all paths")
            }
            var answer = APIError(
                .methodNotAllowed, "method_not_allowed", "this path takes \(methods.joined(separator: ", "))")
            answer.allow = methods.joined(separator: ", ")
            return answer
        case let error as HTTPError where error.status.kind == .clientError:
            return APIError(error.status, "refused", error.body ?? error.status.reasonPhrase)
        case is CancellationError where drain.isOver:
            return .notReady("the server is stopping")
        case is CancellationError:
            return APIError(
                HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"), "cancelled",
                "the client disconnected")
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
}
