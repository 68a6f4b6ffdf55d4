import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The socket that accepts connections. It stops first when the server is to stop: connections that were accepted and
/// not looked at yet get a moment, since connections that Hummingbird drops unseen end the process (their writers
/// trap).
final class ListeningSocket: Service {
    private let channel = Mutex<(any Channel)?>(nil)
    private let drain: Drain
    private let logger: Logger
    private let isStopping = Atomic(false)
    private static let moment = Duration.milliseconds(250)
    /// How long nothing is accepted after the system had no file for a connection.
    private static let pause = TimeAmount.milliseconds(500)

    init(drain: Drain, logger: Logger) {
        self.drain = drain
        self.logger = logger
    }

    /// Takes the socket once it listens.
    func set(_ channel: any Channel) async throws {
        self.channel.withLock { $0 = channel }
        let warning = RareWarning(logger: logger)
        try await channel.eventLoop.submit {
            let pause = AcceptPause(Self.pause, warning: warning) { [self] in !isStopping.load(ordering: .relaxed) }
            try channel.pipeline.syncOperations.addHandler(pause, position: .first)
        }.get()
    }

    func run() async throws {
        try await gracefulShutdown()
        isStopping.store(true, ordering: .relaxed)
        drain.begin()
        guard let channel = channel.withLock({ $0 }) else { return }
        try await channel.setOption(.autoRead, value: false).get()
        try await Task.sleep(for: Self.moment)
    }
}

/// A warning that is written once in ten seconds, however often its cause occurs.
final class RareWarning: Sendable {
    private let logger: Logger
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    init(logger: Logger) {
        self.logger = logger
    }

    func write(_ message: String) {
        let isDue = last.withLock { last in
            if let last, last.duration(to: .now) < .seconds(10) { return false }
            last = .now
            return true
        }
        if isDue { logger.error("\(message)") }
    }
}
