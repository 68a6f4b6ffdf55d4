import NIOCore

/// Stops accepting connections for a moment when the system has no file for one.
///
/// Without it a process whose files are used up tries to accept the same connection over and over. SwiftNIO's
/// `AcceptBackoffHandler` only delays the next read; the socket stays registered as readable, and the loop goes on.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let pause: TimeAmount
    private let warning: RareWarning
    private let mayResume: @Sendable () -> Bool

    /// - Parameters:
    ///   - pause: how long nothing is accepted.
    ///   - warning: reports the cause.
    ///   - mayResume: asked after the pause whether the server still accepts connections.
    init(_ pause: TimeAmount, warning: RareWarning, mayResume: @escaping @Sendable () -> Bool) {
        (self.pause, self.warning, self.mayResume) = (pause, warning, mayResume)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return context.fireErrorCaught(error) }
        warning.write("connections cannot be accepted (\(error)); raise the limit of open files (ulimit -n)")
        let (channel, mayResume) = (context.channel, mayResume)
        // A channel that is closed meanwhile accepts nothing more: what these return may be left alone.
        _ = channel.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: pause) {
            if mayResume() { _ = channel.setOption(.autoRead, value: true) }
        }
    }
}
