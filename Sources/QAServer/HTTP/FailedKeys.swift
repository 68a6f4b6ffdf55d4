import Files
import Foundation
import Synchronization

/// Slows down addresses that try one wrong API key after another.
///
/// An address has `burst` tries, and one more each second. A key that an address has tried before does not count again,
/// so that a client with an old key does not shut out the others behind the same proxy.
final class FailedKeys: Sendable {
    private struct Failures {
        /// When all tries are there again.
        var recovery: ContinuousClock.Instant
        var digests: Set<[UInt8]> = []
    }

    private let failures = Mutex<[String: Failures]>([:])
    private static let burst = 10
    private static let interval = Duration.seconds(1)
    /// Addresses that are remembered; beyond, those that have recovered are forgotten, and if none has, all.
    private static let mostAddresses = 10_000

    /// Seconds until the address may try again; nil if it may now.
    func wait(for address: String, now: ContinuousClock.Instant = .now) -> Int? {
        failures.withLock { failures in
            guard let found = failures[address] else { return nil }
            let excess = now.duration(to: found.recovery) - Self.interval * (Self.burst - 1)
            return excess > .zero ? Int(excess.inSeconds.rounded(.up)) : nil
        }
    }

    /// Counts a wrong key.
    func count(_ key: String, from address: String, now: ContinuousClock.Instant = .now) {
        let digest = Digest.sha256(of: key.utf8)
        failures.withLock { failures in
            if failures.count >= Self.mostAddresses, failures[address] == nil {
                failures = failures.filter { $0.value.recovery > now }
                if failures.count >= Self.mostAddresses { failures = [:] }
            }
            var found = failures[address] ?? Failures(recovery: now)
            if found.recovery <= now { found = Failures(recovery: now) }
            guard found.digests.insert(digest).inserted else { return }
            found.recovery += Self.interval
            failures[address] = found
        }
    }
}
