import QuestionAnswering

/// The requests that wait for the model, in two lines: light ones, and heavy ones, which have more rows than a page of
/// text.
///
/// Who arrives waits for the batch in hand, so heavy requests get a bounded part of each, and light ones all the rest.
/// In each line requests take turns, row by row.
struct BatchLine {
    /// The most tokens of all rows of a light request.
    static let lightTokens = 1024

    /// Names a request.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: Int
    }

    /// Rows that go through the model together.
    struct Batch: Sendable {
        fileprivate(set) var rows: [(ticket: Ticket, index: Int, row: QuestionRow)] = []
        fileprivate(set) var tokens = 0
        /// The requests that the rows belong to.
        fileprivate(set) var requests = 0
        /// How long the first row of each request that begins here has waited.
        fileprivate(set) var waits: [Duration] = []

        var isEmpty: Bool { rows.isEmpty }
    }

    private struct Request {
        let ticket: Ticket
        let rows: [QuestionRow]
        let arrival: ContinuousClock.Instant
        let isLight: Bool
        /// How many of its rows are in batches.
        var taken = 0
        var readings: [RowReading?]
        var unread: Int
    }

    /// Every request that is not finished; those in `light` and `heavy` have rows that wait, and the first has the next
    /// turn.
    private var requests: [Ticket: Request] = [:]
    private var light: [Ticket] = []
    private var heavy: [Ticket] = []
    /// Whether a heavy request waits that got nothing of the last batch.
    private var heavyIsDue = false
    private var tickets = 0
    private(set) var rowCount = 0
    private(set) var tokenCount = 0

    /// Whether no row waits.
    var isEmpty: Bool { light.isEmpty && heavy.isEmpty }
    /// Requests with rows that wait.
    var requestCount: Int { light.count + heavy.count }

    mutating func makeTicket() -> Ticket {
        tickets += 1
        return Ticket(number: tickets)
    }

    mutating func append(_ rows: [QuestionRow], ticket: Ticket, at arrival: ContinuousClock.Instant) {
        let tokens = rows.reduce(0) { $0 + $1.tokenCount }
        let isLight = tokens <= Self.lightTokens
        requests[ticket] = Request(
            ticket: ticket, rows: rows, arrival: arrival, isLight: isLight,
            readings: Array(repeating: nil, count: rows.count), unread: rows.count)
        if isLight { light.append(ticket) } else { heavy.append(ticket) }
        rowCount += rows.count
        tokenCount += tokens
    }

    /// Drops a request. What the model makes of those of its rows that it is reading is ignored.
    mutating func remove(_ ticket: Ticket) {
        guard let request = requests.removeValue(forKey: ticket) else { return }
        light.removeAll { $0 == ticket }
        heavy.removeAll { $0 == ticket }
        for row in request.rows[request.taken...] {
            rowCount -= 1
            tokenCount -= row.tokenCount
        }
    }

    /// Takes rows for a batch.
    ///
    /// - Parameters:
    ///   - tokenBudget: its tokens at most; a single longer row gets a batch of its own.
    ///   - heavyTokens: those of heavy requests among them.
    mutating func takeBatch(tokenBudget: Int, heavyTokens: Int, now: ContinuousClock.Instant = .now) -> Batch {
        var batch = Batch()
        let isDue = heavyIsDue
        if isDue { take(\.heavy, for: &batch, upTo: min(tokenBudget, heavyTokens), now) }
        take(\.light, for: &batch, upTo: heavy.isEmpty ? tokenBudget : tokenBudget / 2, now)
        let rowsBefore = batch.rows.count
        if !isDue { take(\.heavy, for: &batch, upTo: min(tokenBudget, batch.tokens + heavyTokens), now) }
        heavyIsDue = !isDue && !heavy.isEmpty && batch.rows.count == rowsBefore
        take(\.light, for: &batch, upTo: tokenBudget, now)
        rowCount -= batch.rows.count
        tokenCount -= batch.tokens
        batch.requests = Set(batch.rows.map(\.ticket)).count
        return batch
    }

    /// Takes rows of a line, whose requests take turns, until the batch has `limit` tokens.
    private mutating func take(
        _ line: WritableKeyPath<Self, [Ticket]>, for batch: inout Batch, upTo limit: Int, _ now: ContinuousClock.Instant
    ) {
        while let ticket = self[keyPath: line].first, var request = requests[ticket] {
            let row = request.rows[request.taken]
            guard batch.isEmpty || batch.tokens + row.tokenCount <= limit else { return }
            if request.taken == 0 { batch.waits.append(request.arrival.duration(to: now)) }
            batch.rows.append((ticket, request.taken, row))
            batch.tokens += row.tokenCount
            request.taken += 1
            requests[ticket] = request
            self[keyPath: line].removeFirst()
            if request.taken < request.rows.count { self[keyPath: line].append(ticket) }
        }
    }

    /// Notes what was read, and returns the requests that this finishes with all their readings.
    mutating func deliver(_ readings: [RowReading], of batch: Batch) -> [(Ticket, [RowReading])] {
        var finished: [(Ticket, [RowReading])] = []
        for (reading, place) in zip(readings, batch.rows) {
            guard requests[place.ticket] != nil else { continue }
            requests[place.ticket]?.readings[place.index] = reading
            requests[place.ticket]?.unread -= 1
            if let request = requests[place.ticket], request.unread == 0 {
                requests[place.ticket] = nil
                finished.append((place.ticket, request.readings.compactMap(\.self)))
            }
        }
        return finished
    }
}
