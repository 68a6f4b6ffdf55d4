import Logging
import Synchronization

/// The time that requests get when the server is asked to stop. Those that are not answered then are refused with
/// status 503.
final class Drain: Sendable {
    private struct State {
        var isOver = false
        var timer: Task<Void, Never>?
    }

    private let connections: ClientConnections
    private let time: Duration
    private let logger: Logger
    private let state = Mutex(State())
    /// For clients to take the last responses.
    private static let delivery = Duration.seconds(5)

    init(connections: ClientConnections, time: Duration, logger: Logger) {
        self.connections = connections
        self.time = time
        self.logger = logger
    }

    /// Whether requests are no longer answered.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Starts the clock.
    func begin() {
        let timer = Task {
            do {
                try await Task.sleep(for: time)
                logger.warning("requests took longer than the time to stop; the remaining ones are refused")
                refuseRest()
                try await Task.sleep(for: Self.delivery)
                connections.closeAll()
            } catch {
                // Cancelled: everything was answered.
            }
        }
        state.withLock { $0.timer = timer }
    }

    /// Stops the clock.
    func end() {
        state.withLock { $0.timer }?.cancel()
    }

    /// Cancels what waits; what the model is reading is read to its end.
    func refuseRest() {
        state.withLock { $0.isOver = true }
        connections.cancelAll()
    }
}
