import Synchronization

/// What the server counts while it runs; `text` is what `/metrics` answers.
package final class ServerMetrics: Sendable {
    private struct Route: Hashable {
        let route: String
        let status: Int
    }

    private struct Counts {
        var requests: [Route: Int] = [:]
        var durations: [String: Histogram] = [:]
        var inFlight = 0
        var waitingRows = 0
        var cancelled = 0
        var questions = 0
        var batchRows = Histogram(Histogram.rows)
        var batchTokens = Histogram(Histogram.tokens)
        var waits = Histogram(Histogram.seconds)
        var reads = Histogram(Histogram.seconds)
    }

    private let counts = Mutex(Counts())

    /// Nothing counted yet.
    package init() {}

    func beginRequest() { counts.withLock { $0.inFlight += 1 } }

    /// - Parameter route: the path's pattern, never the path itself: there must be few.
    func endRequest(route: String, status: Int, duration: Duration) {
        counts.withLock { counts in
            counts.inFlight -= 1
            counts.requests[Route(route: route, status: status), default: 0] += 1
            counts.durations[route, default: Histogram(Histogram.seconds)].observe(duration.inSeconds)
        }
    }

    func setWaiting(rows: Int) { counts.withLock { $0.waitingRows = rows } }

    func countCancelled() { counts.withLock { $0.cancelled += 1 } }

    func countQuestions(_ count: Int) { counts.withLock { $0.questions += count } }

    func observeBatch(_ batch: BatchLine.Batch, waiting: Int) {
        counts.withLock { counts in
            counts.waitingRows = waiting
            counts.batchRows.observe(Double(batch.rows.count))
            counts.batchTokens.observe(Double(batch.tokens))
            for wait in batch.waits { counts.waits.observe(wait.inSeconds) }
        }
    }

    func observeRead(_ duration: Duration) { counts.withLock { $0.reads.observe(duration.inSeconds) } }

    /// All metrics as Prometheus reads them.
    ///
    /// - Parameter facts: gauges whose values are known elsewhere.
    func text(facts: [(name: String, help: String, labels: [(String, String)], value: Double)]) -> String {
        let counts = counts.withLock { $0 }
        var text = PrometheusText()
        text.begin("bertqa_requests_total", "counter", "Requests answered, by route and status.")
        for (key, count) in counts.requests.sorted(by: { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }
        ) {
            text.sample(
                "bertqa_requests_total", [("route", key.route), ("status", String(key.status))], Double(count))
        }
        text.begin("bertqa_request_duration_seconds", "histogram", "From the head of a request to its response.")
        for (route, histogram) in counts.durations.sorted(by: { $0.key < $1.key }) {
            text.histogram("bertqa_request_duration_seconds", [("route", route)], histogram)
        }
        text.begin("bertqa_requests_in_flight", "gauge", "Requests being answered.")
        text.sample("bertqa_requests_in_flight", [], Double(counts.inFlight))
        text.begin("bertqa_waiting_rows", "gauge", "Rows that wait for the model.")
        text.sample("bertqa_waiting_rows", [], Double(counts.waitingRows))
        text.begin("bertqa_questions_total", "counter", "Questions answered.")
        text.sample("bertqa_questions_total", [], Double(counts.questions))
        text.begin("bertqa_cancelled_total", "counter", "Requests whose client left before the model read them.")
        text.sample("bertqa_cancelled_total", [], Double(counts.cancelled))
        for (name, help, histogram) in [
            ("bertqa_batch_rows", "Rows of a batch.", counts.batchRows),
            ("bertqa_batch_tokens", "Tokens of a batch.", counts.batchTokens),
            ("bertqa_wait_seconds", "How long requests waited for the model.", counts.waits),
            ("bertqa_read_seconds", "How long the model read a batch.", counts.reads),
        ] {
            text.begin(name, "histogram", help)
            text.histogram(name, [], histogram)
        }
        for fact in facts {
            text.begin(fact.name, "gauge", fact.help)
            text.sample(fact.name, fact.labels, fact.value)
        }
        return text.text
    }
}

extension Duration {
    /// As a number of seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
