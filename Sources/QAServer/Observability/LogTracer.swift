import Logging
import Synchronization
import Tracing

/// A tracer that writes each span to the log, at level debug, with the ids of the W3C's trace context.
///
/// It is what `bertqa serve` uses; a program that embeds the server bootstraps the tracer of its choice.
package struct LogTracer: Tracer {
    private let logger: Logger

    /// - Parameter logger: where spans are written.
    package init(logger: Logger) {
        self.logger = logger
    }

    /// Starts a span, as a child of the one in `context` or as the beginning of a trace.
    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> LogSpan {
        LogSpan(operationName, parent: context(), logger: logger)
    }

    /// Does nothing: spans are written when they end.
    package func forceFlush() {}

    /// Reads `traceparent`.
    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        context.traceParent = TraceParent(header: extractor.extract(key: "traceparent", from: carrier))
    }

    /// Writes `traceparent`.
    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        if let trace = context.traceParent { injector.inject(trace.header, forKey: "traceparent", into: &carrier) }
    }
}

/// A span that becomes a line of the log when it ends.
package final class LogSpan: Span {
    private struct State {
        var name: String
        var attributes: SpanAttributes = [:]
        var status: SpanStatus?
        var errors: [String] = []
        var hasEnded = false
    }

    /// The context of what happens inside the span.
    package let context: ServiceContext
    private let place: TraceParent
    private let parent: TraceParent?
    private let start = ContinuousClock.now
    private let logger: Logger
    private let state: Mutex<State>

    init(_ name: String, parent context: ServiceContext, logger: Logger) {
        parent = context.traceParent
        place = TraceParent(childOf: parent)
        var context = context
        context.traceParent = place
        self.context = context
        self.logger = logger
        state = Mutex(State(name: name))
    }

    /// What the span is about.
    package var operationName: String {
        get { state.withLock { $0.name } }
        set { state.withLock { $0.name = newValue } }
    }

    /// Facts of the line.
    package var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { state.withLock { $0.attributes = newValue } }
    }

    /// Whether the span has not ended yet and its trace is sampled.
    package var isRecording: Bool { place.isSampled && !state.withLock { $0.hasEnded } }

    /// Marks the span as failed, or not.
    package func setStatus(_ status: SpanStatus) { state.withLock { $0.status = status } }

    /// Events have no place in the line.
    package func addEvent(_ event: SpanEvent) {}

    /// Links have no place in the line.
    package func addLink(_ link: SpanLink) {}

    /// Adds an error to the line.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        state.withLock { $0.errors.append("\(error)") }
    }

    /// Writes the line, once.
    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended = state.withLock { state -> State? in
            if state.hasEnded { return nil }
            state.hasEnded = true
            return state
        }
        guard let ended, place.isSampled else { return }
        var facts: Logger.Metadata = [
            "span": "\(ended.name)", "trace_id": "\(place.traceID)", "span_id": "\(place.spanID)",
            "seconds": "\(start.duration(to: .now).inSeconds)",
        ]
        if let parent { facts["parent_id"] = "\(parent.spanID)" }
        if ended.status?.code == .error { facts["failed"] = "true" }
        if !ended.errors.isEmpty { facts["errors"] = "\(ended.errors.joined(separator: "; "))" }
        ended.attributes.forEach { name, value in facts[name] = "\(value.text)" }
        logger.debug("span", metadata: facts)
    }
}

extension SpanAttribute {
    fileprivate var text: String {
        switch self {
        case .int32(let value): "\(value)"
        case .int64(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .string(let value): value
        case .stringConvertible(let value): "\(value)"
        default: "\(self)"
        }
    }
}

private enum TraceParentKey: ServiceContextKey {
    typealias Value = TraceParent
}

extension ServiceContext {
    /// Where what happens stands in its trace.
    var traceParent: TraceParent? {
        get { self[TraceParentKey.self] }
        set { self[TraceParentKey.self] = newValue }
    }
}
