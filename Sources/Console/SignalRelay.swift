import Foundation
import Synchronization

/// The signals that asked this process to stop: all that a signal handler may safely touch is an atomic.
private let received = Atomic(0)

/// Counts SIGINT, SIGTERM and SIGHUP instead of ending by them, for a process that passes them on.
package struct SignalRelay {
    /// Counts from now on.
    package init() {
        received.store(0, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in received.add(1, ordering: .relaxed) }
        }
    }

    /// How many came since this was asked last.
    package func takeNew() -> Int { received.exchange(0, ordering: .relaxed) }
}
