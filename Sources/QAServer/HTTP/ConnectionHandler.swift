import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Watches one connection: slow clients are cut off, clients that left are noticed, and a server that stops tells those
/// that stay.
///
/// It stands between the HTTP decoder and the server's own handler.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What the client is expected to do next.
    private enum Phase: Equatable {
        /// Nothing: it may send a request.
        case idle
        /// To finish the headers.
        case headers
        /// To finish the body.
        case body
        /// To wait for the response.
        case waiting
    }

    private let timeouts: ServerTimeouts
    private let payloadBytes: Int
    private let connections: ClientConnections
    private var connection: ClientConnection?
    private var phase = Phase.idle
    private var responding = 0
    private var isQuiescing = false
    private var isCut = false
    private var timer: Scheduled<Void>?

    init(timeouts: ServerTimeouts, payloadBytes: Int, connections: ClientConnections) {
        self.timeouts = timeouts
        self.payloadBytes = payloadBytes
        self.connections = connections
    }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        connection = connections.open(context.channel)
        let spy = FirstByteHandler { [self] in firstByte(context: context) }
        do {
            try context.pipeline.syncOperations.addHandler(spy, position: .first)
        } catch {
            context.fireErrorCaught(error)
        }
        // A client that connects means to ask.
        enter(.headers, context: context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        connections.close(context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        connections.close(context.channel)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            connection?.leave()
            context.fireUserInboundEventTriggered(event)
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            quiesce(context: context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// What the client sent before it could know that the server stops is answered: an idle connection closes a moment later.
    private func quiesce(context: ChannelHandlerContext) {
        guard responding == 0 else {
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            return
        }
        schedule(.milliseconds(250), context: context) { [self] in
            if responding == 0 { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError {
            cut(
                context: context,
                APIError(.badRequest, "malformed", "this is not HTTP that can be understood: \(error)"))
        } else {
            context.fireErrorCaught(error)
        }
    }

    // MARK: What the client sends

    private func firstByte(context: ChannelHandlerContext) {
        if phase == .idle { enter(.headers, context: context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isCut else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            responding += 1
            enter(.body, context: context)
            if head.headerFields[.expect]?.lowercased() == "100-continue" { answerExpectation(head, context: context) }
        case .body: break
        case .end:
            // A request that was refused before its body had come was answered already.
            enter(responding > 0 ? .waiting : .idle, context: context)
        }
        context.fireChannelRead(data)
        if isQuiescing, responding == 1, case .waiting = phase {
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    /// A client that asks before it sends a body is told to go on, unless the body is one that will be refused.
    private func answerExpectation(_ head: HTTPRequest, context: ChannelHandlerContext) {
        if let length = head.headerFields[.contentLength].flatMap(Int.init), length > payloadBytes { return }
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }

    // MARK: What the server answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isCut else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if isQuiescing { head.headerFields[.connection] = "close" }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            responding = max(0, responding - 1)
            let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
            context.write(data, promise: taken)
            if responding == 0, phase == .waiting { awaitDelivery(taken.futureResult, context: context) }
        }
    }

    /// A client has only so long to take a response; then it may be idle.
    private func awaitDelivery(_ delivery: EventLoopFuture<Void>, context: ChannelHandlerContext) {
        phase = .idle
        schedule(TimeAmount(timeouts.response), context: context) { context.close(promise: nil) }
        delivery.assumeIsolated().whenSuccess { [self] in
            if phase == .idle, !isQuiescing { enter(.idle, context: context) }
        }
    }

    // MARK: Time

    private func enter(_ phase: Phase, context: ChannelHandlerContext) {
        self.phase = phase
        switch phase {
        case .idle:
            schedule(TimeAmount(timeouts.idle), context: context) { context.close(promise: nil) }
        case .headers:
            schedule(TimeAmount(timeouts.headers), context: context) { [self] in
                cut(context: context, .slow("the headers took longer than \(timeouts.headers)"))
            }
        case .body:
            schedule(TimeAmount(timeouts.body), context: context) { [self] in
                guard responding > 0 else { return context.close(promise: nil) }
                cut(context: context, .slow("the body took longer than \(timeouts.body)"))
            }
        case .waiting:
            timer?.cancel()
            timer = nil
        }
    }

    private func schedule(_ time: TimeAmount, context: ChannelHandlerContext, _ body: @escaping () -> Void) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time, body)
    }

    /// Answers in the server's place and closes.
    private func cut(context: ChannelHandlerContext, _ error: APIError) {
        guard !isCut else { return }
        let body = ByteBuffer(string: error.json(requestID: nil).serialized())
        var head = HTTPResponse(status: error.status)
        head.headerFields[.contentType] = "application/json"
        head.headerFields[.contentLength] = String(body.readableBytes)
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        isCut = true
        connection?.leave()
        context.close(promise: nil)
    }
}

/// Tells when bytes arrive, before they make a request.
private final class FirstByteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let notify: () -> Void

    init(_ notify: @escaping () -> Void) {
        self.notify = notify
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        notify()
        context.fireChannelRead(data)
    }
}
