import Dispatch
import Synchronization

/// Connections to one database, made when they are needed and kept for the next to come.
package final class PostgresPool: Sendable {
    private struct State {
        /// Those that nobody uses. Each is used by one thread at a time, which the pool sees to.
        var idle: [Idle] = []
        /// Free places for connections, made or not.
        var free: Int
        /// Those who wait for a place, first come, first served.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private struct Idle: @unchecked Sendable {
        let connection: PostgresConnection
    }

    /// The database.
    package let url: DatabaseURL
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "bertqa.postgresql", attributes: .concurrent)

    /// - Parameter size: how many connections there are at most.
    package init(_ url: DatabaseURL, size: Int = 8) {
        self.url = url
        state = Mutex(State(free: size))
    }

    /// Runs a transaction on a thread that may wait. `body` may be called again if another transaction is in the way. A
    /// connection that turns out to be lost before the transaction begins is made anew.
    ///
    /// - Throws: `PostgresError`; what `body` throws.
    package func transaction<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        await takePlace()
        defer { leavePlace() }
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.run(body) }) }
        }
    }

    /// Runs a transaction on this thread, which waits for the server.
    ///
    /// - Throws: `PostgresError`; what `body` throws.
    package func transactionNow<Value>(_ body: (PostgresConnection) throws -> Value) throws -> Value {
        try run(body)
    }

    private func run<Value>(_ body: (PostgresConnection) throws -> Value) throws -> Value {
        var conflicts = 0
        while true {
            let (connection, isNew) = try connection()
            var began = false
            do {
                let value = try connection.transaction {
                    began = true
                    return try body($0)
                }
                keep(connection)
                return value
            } catch let error as PostgresError {
                keep(connection)
                // The server was restarted since the connection was last used: nothing has happened yet.
                if error.kind == .connection, !began, !isNew {
                    forgetIdle()
                    continue
                }
                conflicts += 1
                guard error.kind == .conflict, conflicts < 5 else { throw error }
            } catch {
                keep(connection)
                throw error
            }
        }
    }

    private func connection() throws(PostgresError) -> (connection: PostgresConnection, isNew: Bool) {
        if let idle = state.withLock({ $0.idle.popLast() }) { return (idle.connection, false) }
        return (try PostgresConnection(url), true)
    }

    private func keep(_ connection: PostgresConnection) {
        guard connection.isAlive else { return }
        let idle = Idle(connection: connection)
        state.withLock { $0.idle.append(idle) }
    }

    /// Closes the connections that nobody uses: where one is lost, all that are as old are.
    private func forgetIdle() {
        // They are closed after the lock is released.
        _ = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
    }

    private func takePlace() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func leavePlace() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
