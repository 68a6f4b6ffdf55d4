import CoreMetrics
import Synchronization

/// What the server measures while it runs, through swift-metrics: for its own `/metrics`, and for the backend that the
/// program around it has bootstrapped.
package final class ServerMetrics: Sendable {
    private struct Route: Hashable {
        let route: String
        let status: Int
    }

    private struct Routes {
        var requests: [Route: Counter] = [:]
        var durations: [String: Timer] = [:]
    }

    private static let descriptions: [String: TextMetrics.Description] = [
        "bertqa_requests_total": .init("Requests answered, by route and status."),
        "bertqa_request_duration_seconds": .init(
            "From the head of a request to its response.", bounds: Histogram.seconds),
        "bertqa_requests_in_flight": .init("Requests being answered."),
        "bertqa_waiting_rows": .init("Rows that wait for the model."),
        "bertqa_questions_total": .init("Questions answered."),
        "bertqa_cancelled_total": .init("Requests that were cancelled before the model read them."),
        "bertqa_batch_rows": .init("Rows of a batch.", bounds: Histogram.rows),
        "bertqa_batch_tokens": .init("Tokens of a batch.", bounds: Histogram.tokens),
        "bertqa_wait_seconds": .init("How long requests waited for the model.", bounds: Histogram.seconds),
        "bertqa_read_seconds": .init("How long the model read a batch.", bounds: Histogram.seconds),
        "bertqa_info": .init("The version and the model."),
        "bertqa_ready": .init("Whether the model is loaded."),
        "bertqa_connections": .init("Open connections."),
        "bertqa_request_bytes": .init("Bytes that requests hold while they are answered."),
        "bertqa_text_cache_bytes": .init("Bytes of documents that are kept as tokens."),
        "bertqa_documents_available": .init("Whether documents can be stored and read."),
        "bertqa_documents": .init("Stored documents."),
        "bertqa_documents_bytes": .init("Bytes of the stored documents' texts."),
        "process_resident_memory_bytes": .init("Resident memory."),
    ]

    private let exporter = TextMetrics(descriptions)
    private let factory: any MetricsFactory
    private let routes = Mutex(Routes())
    private let inFlight: Meter
    private let waitingRows: Meter
    private let questions: Counter
    private let cancelled: Counter
    private let batchRows: Recorder
    private let batchTokens: Recorder
    private let waits: Timer
    private let reads: Timer

    /// Nothing counted yet.
    package init() {
        let factory = MultiplexMetricsHandler(factories: [exporter, MetricsSystem.factory])
        self.factory = factory
        inFlight = Meter(label: "bertqa_requests_in_flight", factory: factory)
        waitingRows = Meter(label: "bertqa_waiting_rows", factory: factory)
        questions = Counter(label: "bertqa_questions_total", factory: factory)
        cancelled = Counter(label: "bertqa_cancelled_total", factory: factory)
        batchRows = Recorder(label: "bertqa_batch_rows", factory: factory)
        batchTokens = Recorder(label: "bertqa_batch_tokens", factory: factory)
        waits = Timer(label: "bertqa_wait_seconds", factory: factory)
        reads = Timer(label: "bertqa_read_seconds", factory: factory)
    }

    func beginRequest() { inFlight.increment() }

    /// - Parameter route: the path's pattern, never the path itself: there must be few.
    func endRequest(route: String, status: Int, duration: Duration) {
        inFlight.decrement()
        let (requests, durations) = routes.withLock { routes in
            let key = Route(route: route, status: status)
            let requests =
                routes.requests[key]
                ?? Counter(
                    label: "bertqa_requests_total", dimensions: [("route", route), ("status", String(status))],
                    factory: factory)
            let durations =
                routes.durations[route]
                ?? Timer(label: "bertqa_request_duration_seconds", dimensions: [("route", route)], factory: factory)
            (routes.requests[key], routes.durations[route]) = (requests, durations)
            return (requests, durations)
        }
        requests.increment()
        durations.record(duration)
    }

    func setWaiting(rows: Int) { waitingRows.set(rows) }

    func countCancelled() { cancelled.increment() }

    func countQuestions(_ count: Int) { questions.increment(by: count) }

    func observeBatch(_ batch: BatchLine.Batch, waiting: Int) {
        waitingRows.set(waiting)
        batchRows.record(batch.rows.count)
        batchTokens.record(batch.tokens)
        for wait in batch.waits { waits.record(wait) }
    }

    func observeRead(_ duration: Duration) { reads.record(duration) }

    /// Sets a gauge whose value is known elsewhere.
    func set(_ label: String, _ dimensions: [(String, String)] = [], to value: Double) {
        Meter(label: label, dimensions: dimensions, factory: factory).set(value)
    }

    /// All metrics as Prometheus reads them.
    var text: String { exporter.text }
}

extension Timer {
    fileprivate func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

extension Duration {
    /// As a number of seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
