import Files
import Foundation
import Synchronization

/// Whether a signal came: all that a signal handler may safely touch is an atomic.
private let signalled = Atomic(false)

/// Notices SIGINT, SIGTERM and SIGHUP, so that a run can finish its step, save and leave. A second signal ends the
/// process. A reader of the progress that goes away (SIGPIPE) is no reason to stop, and `nohup` is respected.
public final class InterruptFlag: Sendable {
    private let raised = Atomic(false)
    private let watchesSignals: Bool

    /// A flag that is raised by `raise()` and, if asked for, by signals from now on.
    ///
    /// - Parameter isStarted: whether another process passes signals on as SIGTERM, so that those of the terminal,
    ///   which come here too, must not count twice.
    public init(watchingSignals: Bool = false, isStarted: Bool = false) {
        watchesSignals = watchingSignals
        guard watchingSignals else { return }
        // Touched here first, so that no handler runs its initialisation.
        signalled.store(false, ordering: .relaxed)
        signal(SIGPIPE, SIG_IGN)
        for number in isStarted ? [SIGINT, SIGHUP] : [] { signal(number, SIG_IGN) }
        for number in isStarted ? [SIGTERM] : [SIGINT, SIGTERM, SIGHUP] {
            if number == SIGHUP, System.isIgnored(signal: number) { continue }
            signal(number) { number in
                if signalled.exchange(true, ordering: .relaxed) { _exit(128 + number) }
            }
        }
    }

    /// Whether a signal came, or `raise()` was called.
    public var isRaised: Bool {
        raised.load(ordering: .relaxed) || (watchesSignals && signalled.load(ordering: .relaxed))
    }

    /// Raises the flag as a signal would.
    public func raise() { raised.store(true, ordering: .relaxed) }
}
