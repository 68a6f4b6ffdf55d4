import Logging
import QuestionAnswering

/// Packs the rows of all waiting requests into batches for the model, which reads one batch at a time.
///
/// A batch is taken when the model is free: what arrives while it computes goes into the next one, up to a budget of
/// tokens, so that batches grow with the load and an idle server answers at once. Heavy requests get a bounded time of
/// each batch (`BatchLine`, `BatchPace`), and a cancelled one leaves the line.
package actor Batcher {
    private let reader: any RowReader
    private let tokenBudget: Int
    private var pace: BatchPace
    private let waitingTokens: Int
    private let delay: Duration
    private let metrics: ServerMetrics
    private var line = BatchLine()
    private var continuations: [BatchLine.Ticket: CheckedContinuation<[RowReading], any Error>] = [:]
    private var isRunning = false
    private var whenIdle: [CheckedContinuation<Void, Never>] = []
    private var lastCompany = 1

    /// - Parameters:
    ///   - tokenBudget: tokens of one batch; a single longer row gets one of its own.
    ///   - heavyTime: how long the model may read heavy requests in one batch.
    ///   - waitingTokens: tokens of all rows that may wait; a request that finds none waiting is never refused.
    ///   - delay: how long the model waits, after a batch of several requests, for as many to come again.
    package init(
        reader: any RowReader, tokenBudget: Int, heavyTime: Duration = .milliseconds(250),
        waitingTokens: Int = .max, delay: Duration, metrics: ServerMetrics
    ) {
        self.reader = reader
        self.tokenBudget = tokenBudget
        pace = BatchPace(most: tokenBudget, longest: heavyTime)
        self.waitingTokens = waitingTokens
        self.delay = delay
        self.metrics = metrics
    }

    /// Rows that wait for the model.
    package var waitingRows: Int { line.rowCount }

    /// What the model reads in the rows of these questions, which belong to one request.
    ///
    /// - Returns: for each question, the readings of its rows.
    /// - Throws: `CancellationError` if the task is cancelled while its rows wait; `APIError` with status 429 if too
    ///   many tokens wait; what the reader throws.
    package func readings(of questions: [PreparedQuestion]) async throws -> [[RowReading]] {
        let rows = questions.flatMap(\.rows)
        let readings = try await readings(of: rows)
        var start = 0
        return questions.map { question in
            defer { start += question.rowCount }
            return Array(readings[start..<(start + question.rowCount)])
        }
    }

    private func readings(of rows: [QuestionRow]) async throws -> [RowReading] {
        guard !rows.isEmpty else { return [] }
        let tokens = rows.reduce(0) { $0 + $1.tokenCount }
        guard line.isEmpty || tokens <= waitingTokens - line.tokenCount else {
            throw APIError.overloaded("\(line.tokenCount) tokens wait for the model; \(waitingTokens) may wait")
        }
        let ticket = line.makeTicket()
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                continuations[ticket] = continuation
                line.append(rows, ticket: ticket, at: .now)
                metrics.setWaiting(rows: line.rowCount)
                if !isRunning {
                    isRunning = true
                    Task { await run() }
                }
            }
        } onCancel: {
            Task { await cancel(ticket) }
        }
    }

    private func cancel(_ ticket: BatchLine.Ticket) {
        guard let continuation = continuations.removeValue(forKey: ticket) else { return }
        line.remove(ticket)
        metrics.setWaiting(rows: line.rowCount)
        metrics.countCancelled()
        continuation.resume(throwing: CancellationError())
    }

    /// Reads batches until nothing waits.
    private func run() async {
        while !line.isEmpty {
            await waitForCompany()
            let batch = line.takeBatch(tokenBudget: tokenBudget, heavyTokens: pace.heavyTokens)
            guard !batch.isEmpty else { continue }
            lastCompany = batch.requests
            metrics.observeBatch(batch, waiting: line.rowCount)
            let start = ContinuousClock.now
            do {
                let readings = try await reader.read(batch.rows.map(\.row))
                let duration = start.duration(to: .now)
                pace.note(tokens: batch.tokens, took: duration)
                metrics.observeRead(duration)
                for (ticket, finished) in line.deliver(readings, of: batch) {
                    continuations.removeValue(forKey: ticket)?.resume(returning: finished)
                }
            } catch {
                for ticket in Set(batch.rows.map(\.ticket)) {
                    line.remove(ticket)
                    continuations.removeValue(forKey: ticket)?.resume(throwing: error)
                }
            }
        }
        isRunning = false
        for continuation in whenIdle { continuation.resume() }
        whenIdle = []
    }

    /// Returns once the model reads nothing and nothing waits for it.
    package func finish() async {
        guard isRunning else { return }
        await withCheckedContinuation { whenIdle.append($0) }
    }

    /// After a batch of many requests their clients are about to ask again: a moment for them to come makes one full
    /// batch of what would be a batch of one and a rest. A client that is alone never waits.
    private func waitForCompany() async {
        guard lastCompany > 1 else { return }
        let end = ContinuousClock.now + delay
        while line.requestCount < lastCompany, line.tokenCount < tokenBudget, ContinuousClock.now < end {
            // This task has no parent: nothing cancels it.
            try? await Task.sleep(for: min(delay, .microseconds(250)))
        }
    }
}
