import Dispatch
import Foundation
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Notices SIGINT and SIGTERM, so that a run can finish its step, save and leave. A second signal ends the process.
public final class InterruptFlag: Sendable {
    private let raised = Atomic(false)
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    /// A flag that nothing has raised.
    public init() {}

    /// Whether a signal came, or `raise()` was called.
    public var isRaised: Bool { raised.load(ordering: .relaxed) }

    /// Raises the flag as a signal would.
    public func raise() { raised.store(true, ordering: .relaxed) }

    /// Watches for signals from now on.
    public func watchSignals() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in
                if raised.exchange(true, ordering: .relaxed) { _exit(128 + number) }
            }
            source.resume()
            sources.withLock { $0.append(source) }
        }
    }
}
