import Console
import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

@Suite("Interrupts", .serialized)
struct InterruptTests {
    @Test("a flag is raised by hand, for itself alone")
    func byHand() {
        let flag = InterruptFlag()
        let other = InterruptFlag()
        #expect(!flag.isRaised)
        flag.raise()
        #expect(flag.isRaised)
        #expect(!other.isRaised)
    }

    @Test("a signal raises the flag that watches for it and lets the process live")
    func signal() {
        let watching = InterruptFlag(watchingSignals: true)
        let other = InterruptFlag()
        #expect(!watching.isRaised)
        kill(getpid(), SIGTERM)
        // The handler may run on another thread of this process.
        for _ in 0..<200 where !watching.isRaised { usleep(10_000) }
        #expect(watching.isRaised)
        #expect(!other.isRaised)
        restoreSignals()
    }
}

/// What follows in this process may be ended by signals again.
private func restoreSignals() {
    for number in [SIGINT, SIGTERM] { _ = signal(number, SIG_DFL) }
}
