import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Watches one connection: slow clients are cut off, clients that left are noticed, bodies that nobody reads are
/// discarded, and a server that stops tells those that stay.
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
        /// To take the response that it got before its body was read. What it still sends is discarded: many clients
        /// send everything before they look for a response.
        case discarding
        /// To take the last response.
        case closing
    }

    private let timeouts: ServerTimeouts
    private let payloadBytes: Int
    private let connections: ClientConnections
    private var connection: ClientConnection?
    private var phase = Phase.idle
    private var responding = 0
    private var discarded = 0
    private var isQuiescing = false
    /// The connection is closed after the response that is being written.
    private var closes = false
    /// What the client sends is ignored.
    private var isDeaf = false
    private var isCut = false
    private var timer: Scheduled<Void>?

    /// A client has a second more for each so many bytes of a response.
    private static let deliveryRate = 100_000

    init(timeouts: ServerTimeouts, payloadBytes: Int, connections: ClientConnections) {
        self.timeouts = timeouts
        self.payloadBytes = payloadBytes
        self.connections = connections
    }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        connection = connections.open(context.channel)
        let firstByte = FirstByteHandler { [self] in self.firstByte(context: context) }
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(firstByte, position: .first)
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(HTTPVersionHandler(), position: .before(codec))
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
            if phase == .discarding { context.close(promise: nil) }
            context.fireUserInboundEventTriggered(event)
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            quiesce(context: context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// What the client sent before it could know that the server stops is answered: an idle connection closes a moment
    /// later.
    private func quiesce(context: ChannelHandlerContext) {
        // Their timers end these.
        if phase == .discarding || phase == .closing { return }
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
            // What follows the last request of a connection does not take its answer away.
            if closes, responding > 0 { return }
            cut(
                context: context,
                APIError(.badRequest, "malformed", "this is not valid HTTP: \(error)"))
        } else {
            context.fireErrorCaught(error)
        }
    }

    // MARK: What the client sends

    private func firstByte(context: ChannelHandlerContext) {
        if phase == .idle { enter(.headers, context: context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isCut, !isDeaf, phase != .closing else { return }
        let part = unwrapInboundIn(data)
        if phase == .discarding { return discard(part, context: context) }
        switch part {
        case .head(let head):
            // Nothing that follows the last request of a connection is looked at.
            isDeaf = closes
            if isDeaf { return }
            responding += 1
            closes = head.headerFields[.connection] == "close"
            enter(.body, context: context)
            if head.headerFields[.expect]?.lowercased() == "100-continue" { answerExpectation(head, context: context) }
        case .body: break
        case .end: enter(.waiting, context: context)
        }
        context.fireChannelRead(data)
        if isQuiescing, responding == 1, case .waiting = phase {
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody behind this handler asks for more of a body that is discarded.
        if phase == .discarding { context.read() }
    }

    private func discard(_ part: HTTPRequestPart, context: ChannelHandlerContext) {
        switch part {
        case .head: break
        case .body(let buffer):
            discarded += buffer.readableBytes
            // Beyond that it is not a mistake.
            if discarded > max(64_000_000, 8 * payloadBytes) { context.close(promise: nil) }
        case .end: context.close(promise: nil)
        }
    }

    /// Lets a client that waits for permission send its body, unless the body will be refused.
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
            // A response that comes before the end of its request is the last one.
            if isQuiescing || phase == .body, responding == 1 { closes = true }
            if closes, responding == 1 { head.headerFields[.connection] = "close" }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            if phase == .waiting { awaitDelivery(of: head, context: context) }
        case .body:
            context.write(data, promise: promise)
        case .end:
            responding = max(0, responding - 1)
            let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
            context.write(data, promise: taken)
            guard responding == 0 else { return }
            taken.futureResult.assumeIsolated().whenComplete { [self] _ in
                if responding == 0 { connection?.releaseMemory() }
            }
            if phase == .body {
                enter(.discarding, context: context)
            } else {
                finish(taken.futureResult, context: context)
            }
        }
    }

    /// A client has only so long to take a response.
    private func awaitDelivery(of head: HTTPResponse, context: ChannelHandlerContext) {
        let bytes = head.headerFields[.contentLength].flatMap(Int.init) ?? 0
        let time = timeouts.response + .seconds(bytes / Self.deliveryRate)
        schedule(TimeAmount(time), context: context) { context.close(promise: nil) }
    }

    /// Once the client has taken the last response that was due, the connection is closed or idle.
    private func finish(_ delivery: EventLoopFuture<Void>, context: ChannelHandlerContext) {
        phase = closes ? .closing : .idle
        delivery.assumeIsolated().whenSuccess { [self] in
            if phase == .closing {
                context.close(promise: nil)
            } else if phase == .idle, !isQuiescing {
                enter(.idle, context: context)
            }
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
                cut(context: context, .slow("the body took longer than \(timeouts.body)"))
            }
        case .discarding:
            schedule(TimeAmount(timeouts.body), context: context) { context.close(promise: nil) }
            context.read()
        case .waiting, .closing:
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

/// Reports that bytes arrive, before they make a request.
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
