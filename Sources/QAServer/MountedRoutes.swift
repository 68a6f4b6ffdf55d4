import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle

extension AnswerServer {
    /// Adds all calls of the API to a router of another application, or to a group of it whose path they then begin
    /// with.
    ///
    /// The application has to run `model` too. Connections stay the application's: it sets their timeouts, and a client
    /// that disconnects is not noticed while its question waits.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        let responder = MountedRoutes<Context, _>(api: self.router(host: nil).buildResponder())
        for method in [HTTPRequest.Method.get, .head, .post, .put, .delete, .options] {
            router.on("", method: method, responder: responder)
            router.on("**", method: method, responder: responder)
        }
    }

    /// Loads the model when the application starts. Until it is loaded, questions are answered with status 503.
    public var model: some Service {
        modelService
    }
}

/// Hands the requests of another application's router to the API, without the part of the path that leads to it.
private struct MountedRoutes<Context: RequestContext, API: HTTPResponder>: HTTPResponder
where API.Context == ServerContext {
    let api: API

    func respond(to request: Request, context: Context) async throws -> Response {
        // As the client spelled them: what a route catches is decoded.
        let below = request.uri.path.split(separator: "/").suffix(context.parameters.getCatchAll().count)
        var head = request.head
        head.path = "/" + below.joined(separator: "/") + (request.uri.query.map { "?\($0)" } ?? "")
        return try await api.respond(
            to: Request(head: head, body: request.body), context: ServerContext(logger: context.logger))
    }
}
