import QuestionAnswering

/// The requests that wait for the model, in the order in which they will be served.
struct BatchLine {
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
        /// How many of its rows are in batches.
        var taken = 0
        var readings: [RowReading?]
        var unread: Int
    }

    /// Every request that is not finished; those in `order` have rows that wait.
    private var requests: [Ticket: Request] = [:]
    private var order: [Ticket] = []
    private var tickets = 0
    private(set) var rowCount = 0
    private(set) var tokenCount = 0

    /// Whether no row waits.
    var isEmpty: Bool { order.isEmpty }
    /// Requests with rows that wait.
    var requestCount: Int { order.count }

    mutating func makeTicket() -> Ticket {
        tickets += 1
        return Ticket(number: tickets)
    }

    mutating func append(_ rows: [QuestionRow], ticket: Ticket, at arrival: ContinuousClock.Instant) {
        requests[ticket] = Request(
            ticket: ticket, rows: rows, arrival: arrival, readings: Array(repeating: nil, count: rows.count),
            unread: rows.count)
        order.append(ticket)
        rowCount += rows.count
        tokenCount += rows.reduce(0) { $0 + $1.tokenCount }
    }

    /// Drops a request. What the model makes of those of its rows that it is reading is ignored.
    mutating func remove(_ ticket: Ticket) {
        guard let request = requests.removeValue(forKey: ticket) else { return }
        order.removeAll { $0 == ticket }
        for row in request.rows[request.taken...] {
            rowCount -= 1
            tokenCount -= row.tokenCount
        }
    }

    /// Takes rows for a batch until the budget is spent: one row of each request in turn, so that a text of a thousand
    /// windows does not keep the others waiting. A request that got a turn and has rows left goes to the end of the
    /// line.
    mutating func takeBatch(tokenBudget: Int, now: ContinuousClock.Instant = .now) -> Batch {
        var batch = Batch()
        var company: Set<Ticket> = []
        while let ticket = order.first, var request = requests[ticket] {
            let row = request.rows[request.taken]
            guard batch.isEmpty || batch.tokens + row.tokenCount <= tokenBudget else { break }
            if request.taken == 0 { batch.waits.append(request.arrival.duration(to: now)) }
            company.insert(ticket)
            batch.rows.append((ticket, request.taken, row))
            batch.tokens += row.tokenCount
            request.taken += 1
            requests[ticket] = request
            rowCount -= 1
            tokenCount -= row.tokenCount
            order.removeFirst()
            if request.taken < request.rows.count { order.append(ticket) }
        }
        batch.requests = company.count
        return batch
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
