import NIOCore
import Synchronization

/// One client's connection, as far as a request needs to know it: whether the client is still there.
final class ClientConnection: Sendable {
    private struct State {
        var hasLeft = false
        var tasks: [Int: @Sendable () -> Void] = [:]
        var next = 0
        var held: [Reservation] = []
    }

    private let state = Mutex(State())

    /// Runs `body` in a task that is cancelled when the client leaves, or when the caller is.
    func whilePresent<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task { try await body() }
        let number = state.withLock { state -> Int? in
            guard !state.hasLeft else { return nil }
            state.next += 1
            state.tasks[state.next] = { task.cancel() }
            return state.next
        }
        if number == nil { task.cancel() }
        defer { if let number { state.withLock { $0.tasks[number] = nil } } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Keeps a request's share of memory until the client has taken the response.
    func hold(_ reservation: Reservation) { state.withLock { $0.held.append(reservation) } }

    /// Releases the shares of memory, once the client has taken all responses.
    func releaseMemory() { state.withLock { $0.held = [] } }

    /// Cancels what is being done for the client.
    func leave() {
        let tasks = state.withLock { state in
            state.hasLeft = true
            defer { state.tasks = [:] }
            return state.tasks.values.map(\.self)
        }
        for cancel in tasks { cancel() }
    }
}

/// All open connections.
final class ClientConnections: Sendable {
    private struct Open {
        let channel: any Channel
        let connection: ClientConnection
    }

    private let connections = Mutex<[ObjectIdentifier: Open]>([:])

    /// The number of open connections.
    var count: Int { connections.withLock { $0.count } }

    subscript(_ channel: any Channel) -> ClientConnection? {
        connections.withLock { $0[ObjectIdentifier(channel)]?.connection }
    }

    func open(_ channel: any Channel) -> ClientConnection {
        let connection = ClientConnection()
        connections.withLock {
            $0[ObjectIdentifier(channel)] = Open(channel: channel, connection: connection)
        }
        return connection
    }

    func close(_ channel: any Channel) {
        connections.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }?.connection.leave()
    }

    /// Cancels what is being done for all clients.
    func cancelAll() {
        for open in connections.withLock({ Array($0.values) }) { open.connection.leave() }
    }

    /// Closes all connections, whatever is being sent.
    func closeAll() {
        for open in connections.withLock({ Array($0.values) }) { open.channel.close(promise: nil) }
    }
}
