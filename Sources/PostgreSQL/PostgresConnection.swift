import Foundation

/// One connection. Its calls wait for the server: use it on a thread that may wait, and on one at a time.
package final class PostgresConnection {
    private let library: ClientLibrary
    private let connection: OpaquePointer
    private let url: DatabaseURL

    private let patience: Duration
    /// libpq itself notices only at the statement after the one that it could not execute.
    private var isLost = false

    /// Whether the connection was not lost, as far as is known.
    var isAlive: Bool { !isLost && library.status(connection) == ClientLibrary.isConnected }

    /// Whether this machine has the client library.
    package static var isPossible: Bool { problem(of: ClientLibrary.names) == nil }

    /// What is wrong with the client library that has one of these names.
    package static func problem(of names: [String]) -> PostgresError? {
        if case .failure(let error) = ClientLibrary.open(names) { error } else { nil }
    }

    /// Seconds that connecting may take, to each host.
    private static let connectSeconds = 5

    /// Connects, and sets how long statements may take.
    ///
    /// - Parameter patience: after which the server is taken for lost; it gives statements up before.
    /// - Throws: `PostgresError` of the kinds `library`, `connection` and `refused`.
    package init(_ url: DatabaseURL, patience: Duration = .seconds(75)) throws(PostgresError) {
        library = try ClientLibrary.installed.get()
        (self.url, self.patience) = (url, patience)
        // What the URL says wins over what stands before it. A dead network is noticed after ten seconds or so.
        let parameters: [(String, String)] = [
            ("application_name", "bertqa"), ("connect_timeout", "\(Self.connectSeconds)"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "15000"),
            ("dbname", url.text), ("client_encoding", "UTF8"),
        ]
        let library = library
        let made = Self.withCStrings(parameters.map(\.0)) { names in
            Self.withCStrings(parameters.map(\.1)) { values in library.connect(names, values, 1) }
        }
        guard let made else { throw PostgresError(.connection, "there is no memory for a connection") }
        connection = made
        guard isAlive else {
            // What ends this initialiser now is followed by `deinit`.
            let message = url.cleaned(Self.line(library.errorMessage(connection)))
            throw PostgresError(Self.isRefusal(message) ? .refused : .connection, message)
        }
        _ = library.setNoticeProcessor(connection, { _, _ in }, nil)
        _ = library.setNonblocking(connection, 1)
        try execute("SET statement_timeout = '60s'")
        try execute("SET lock_timeout = '30s'")
        try execute("SET idle_in_transaction_session_timeout = '120s'")
    }

    deinit { library.finish(connection) }

    /// Executes one statement.
    ///
    /// - Parameter patience: after which the server is taken for lost, if that is not the connection's.
    /// - Returns: its rows.
    /// - Throws: `PostgresError`.
    @discardableResult
    package func execute(
        _ statement: String, _ values: [PostgresValue] = [], patience: Duration? = nil
    ) throws(PostgresError) -> [PostgresRow] {
        let encoded = values.map(\.encoded)
        // One buffer keeps all values where libpq looks for them.
        var buffer: [UInt8] = []
        var places: [Int?] = []
        for value in encoded {
            places.append(value.bytes.map { _ in buffer.count })
            buffer += value.bytes ?? []
        }
        let lengths = encoded.map { Int32($0.bytes?.count ?? 0) }
        let formats = encoded.map { Int32($0.isBinary ? 1 : 0) }
        // An empty buffer has no address.
        buffer.append(0)
        let isSent = buffer.withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let addresses = places.map { place in place.flatMap { offset in start.map { $0 + offset } } }
            return library.send(connection, statement, Int32(values.count), nil, addresses, lengths, formats, 0) == 1
        }
        guard isSent else { throw lost() }
        let result = try waitForResult(patience ?? self.patience)
        defer { library.clear(result) }
        guard ClientLibrary.successes.contains(library.resultStatus(result)) else { throw error(of: result) }
        return rows(of: result)
    }

    /// Waits for the result of the statement that was sent.
    private func waitForResult(_ patience: Duration) throws(PostgresError) -> OpaquePointer {
        let end = ContinuousClock.now.advanced(by: patience)
        var last: OpaquePointer?
        while true {
            let unsent = library.flush(connection)
            if unsent == 0, library.isBusy(connection) == 0 {
                // After the last result, which is the only one of a statement that succeeds, comes none.
                guard let next = library.result(connection) else { break }
                if let last { library.clear(last) }
                last = next
                continue
            }
            let isReady = unsent >= 0 && waitForServer(toWrite: unsent == 1, until: end)
            guard isReady, library.consumeInput(connection) == 1 else {
                if let last { library.clear(last) }
                throw lost(isReady || unsent < 0 ? nil : "it has not answered for \(patience)")
            }
        }
        guard let last else { throw lost() }
        return last
    }

    /// Waits until the server has sent something, or takes something.
    ///
    /// - Returns: whether it has done so in time.
    private func waitForServer(toWrite: Bool, until end: ContinuousClock.Instant) -> Bool {
        while true {
            let rest = ContinuousClock.now.duration(to: end) / .milliseconds(1)
            guard rest > 0 else { return false }
            var socket = pollfd(
                fd: library.socket(connection), events: Int16(toWrite ? POLLIN | POLLOUT : POLLIN), revents: 0)
            let count = poll(&socket, 1, Int32(min(rest.rounded(.up), 60_000)))
            if count > 0 { return true }
            if count < 0, errno != EINTR { return false }
        }
    }

    /// The connection cannot be used any more.
    private func lost(_ reason: String? = nil) -> PostgresError {
        isLost = true
        return PostgresError(.connection, reason ?? url.cleaned(Self.line(library.errorMessage(connection))))
    }

    /// Runs `body` in a transaction, which is undone if it throws.
    package func transaction<Value>(
        _ body: (PostgresConnection) throws -> Value
    ) throws -> Value {
        // A server that is well answers this at once.
        try execute("BEGIN", patience: .seconds(10))
        do {
            let value = try body(self)
            try execute("COMMIT")
            return value
        } catch {
            // If that fails too, the connection is lost, and the server undoes it.
            _ = try? execute("ROLLBACK")
            throw error
        }
    }

    private func error(of result: OpaquePointer) -> PostgresError {
        // Without a code it is libpq's own: the connection is lost.
        guard let state = library.resultErrorField(result, ClientLibrary.stateField) else { return lost() }
        let message = Self.line(library.resultErrorField(result, ClientLibrary.messageField))
        return PostgresError(state: String(cString: state), message: url.cleaned(message))
    }

    private func rows(of result: OpaquePointer) -> [PostgresRow] {
        let columns = library.columnCount(result)
        return (0..<library.rowCount(result)).map { row in
            PostgresRow(
                columns: (0..<columns).map { column in
                    guard library.isNull(result, row, column) == 0 else { return nil }
                    let length = Int(library.valueLength(result, row, column))
                    return Array(UnsafeBufferPointer(start: library.value(result, row, column), count: length))
                })
        }
    }

    /// Whether what the server said to a new connection will be the same next time.
    private static func isRefusal(_ message: String) -> Bool {
        ["authentication", "does not exist", "pg_hba", "permission", "invalid connection option", "no password"]
            .contains { message.contains($0) }
    }

    /// A message as one line.
    private static func line(_ text: UnsafePointer<CChar>?) -> String {
        let message = text.map { String(cString: $0) } ?? ""
        let lines = message.split { $0.isNewline }.map { $0.drop { $0 == " " || $0 == "\t" } }
        return lines.isEmpty ? "the connection failed" : lines.joined(separator: "; ")
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { $0.map { UnsafePointer($0) } } + [nil])
    }
}
