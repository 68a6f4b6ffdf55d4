import NIOCore
import ServiceLifecycle
import Synchronization

/// The socket that connections come in by. When the server is to stop, it is the first to: what was accepted and not looked at
/// yet gets a moment to be taken up, since connections that Hummingbird drops unseen end the process (their writers trap).
final class ListeningSocket: Service {
    private let channel = Mutex<(any Channel)?>(nil)
    private static let moment = Duration.milliseconds(250)

    /// Remembers the socket once it listens.
    func set(_ channel: any Channel) {
        self.channel.withLock { $0 = channel }
    }

    func run() async throws {
        try await gracefulShutdown()
        guard let channel = channel.withLock({ $0 }) else { return }
        try await channel.setOption(.autoRead, value: false).get()
        try await Task.sleep(for: Self.moment)
    }
}
