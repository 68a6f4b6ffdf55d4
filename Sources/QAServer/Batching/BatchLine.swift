import QuestionAnswering

/// The requests that wait for the model, and whose row goes next.
///
/// Light requests and heavy ones each get half of the model's tokens while both wait, so that neither keeps the other
/// waiting. Among themselves they take turns, row by row.
struct BatchLine {
    /// The most tokens of all rows of a light request: they fit into the smallest batch, and are more than a question
    /// about a page has.
    static let lightTokens = BatchPace.fewest

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
    /// The tokens that light requests got beyond those of heavy ones since both wait.
    private var advance = 0
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

    /// Takes rows for a batch until the budget is spent.
    mutating func takeBatch(tokenBudget: Int, now: ContinuousClock.Instant = .now) -> Batch {
        var batch = Batch()
        var company: Set<Ticket> = []
        while let ticket = next, var request = requests[ticket] {
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
            endTurn(of: request, tokens: row.tokenCount)
        }
        batch.requests = company.count
        return batch
    }

    /// The request whose row goes next.
    private var next: Ticket? {
        guard let lightest = light.first else { return heavy.first }
        return advance > 0 ? heavy.first ?? lightest : lightest
    }

    /// A request with rows left goes to the end of its line.
    private mutating func endTurn(of request: Request, tokens: Int) {
        let goesOn = request.taken < request.rows.count
        advance = light.isEmpty || heavy.isEmpty ? 0 : advance + (request.isLight ? tokens : -tokens)
        if request.isLight {
            light.removeFirst()
            if goesOn { light.append(request.ticket) }
        } else {
            heavy.removeFirst()
            if goesOn { heavy.append(request.ticket) }
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
