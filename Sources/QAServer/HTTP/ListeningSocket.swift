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
            // Without it, a process that has no file left tries to accept the same connection over and over.
            let handler = AcceptBackoffHandler(
                shouldForwardIOErrorCaught: false,
                backoffProvider: { error in
                    warning.write(
                        "connections cannot be accepted (\(error)); raise the limit of open files (ulimit -n)")
                    return Self.pause
                })
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        }.get()
    }

    func run() async throws {
        try await gracefulShutdown()
        drain.begin()
        guard let channel = channel.withLock({ $0 }) else { return }
        try await channel.setOption(.autoRead, value: false).get()
        try await Task.sleep(for: Self.moment)
    }
}

/// A warning that is written once in ten seconds, however often its cause occurs.
private final class RareWarning: Sendable {
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
