import Console
import Foundation
import Synchronization
import Torch

/// Reports to the other processes that this one is alive, and finds the one at fault when a common computation fails.
///
/// Each process writes a line into the store every second from a thread of its own: a count, the step it is in, its
/// host and its number there. A process whose count stands still was killed, hangs, or cannot be reached.
final class Heartbeat: Sendable {
    private let place: ProcessPlace
    private let step = Atomic(0)
    private let isOver = Atomic(false)
    private let foundReason = Atomic(false)
    /// A process whose count has not moved for more seconds than this is considered gone.
    private static let silence = 3.0
    /// How long a process that serves the store keeps it when it leaves, for the others to read why, in seconds.
    static let farewellTime = silence + 1
    /// How long the store may take when it is asked about a failure, in seconds.
    private static let patience = 5.0

    /// Starts the reports.
    ///
    /// - Parameter whenOrphaned: called once if the process that started this one ends; nil does not watch it.
    init(place: ProcessPlace, store: ProcessStore, whenOrphaned: (@Sendable () -> Void)?) {
        self.place = place
        let parent = getppid()
        let line = " \(ProcessInfo.processInfo.hostName) \(ProcessInfo.processInfo.processIdentifier)"
        Thread.detachNewThread { [self] in
            var count = 0
            var isOrphaned = false
            while !isOver.load(ordering: .relaxed) {
                count += 1
                // A store that cannot be reached shows in the next common computation, which says so.
                try? store.set(Self.beat(place.rank), "\(count) \(step.load(ordering: .relaxed))\(line)")
                if let whenOrphaned, !isOrphaned, getppid() != parent {
                    isOrphaned = true
                    whenOrphaned()
                }
                Thread.sleep(forTimeInterval: 1)
            }
        }
    }

    private static func beat(_ rank: Int) -> String { "beat/\(rank)" }
    private static func farewell(_ rank: Int) -> String { "left/\(rank)" }

    /// Notes the step that this process is in.
    func enter(step: Int) { self.step.store(step, ordering: .relaxed) }

    /// Whether a diagnosis found that another process has said why it ended.
    var otherSaidWhy: Bool { foundReason.load(ordering: .relaxed) }

    /// Stops the reports.
    func end() { isOver.store(true, ordering: .relaxed) }

    /// Tells the other processes why this one ends.
    func leave(because reason: String) {
        end()
        // If the store cannot be reached, no other process can read the reason either.
        try? connect().set(Self.farewell(place.rank), reason)
    }

    /// Which process keeps the others from continuing, as far as a few seconds can show.
    ///
    /// - Parameter timeout: the seconds that were waited.
    func diagnosis(of error: TorchError, timeout: Double) -> String {
        let answer = Mutex<String?>(nil)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            let text = findOut(error, timeout: timeout)
            answer.withLock { $0 = text }
            done.signal()
        }
        _ = done.wait(timeout: .now() + 2 * Self.patience + Self.silence)
        return answer.withLock { $0 } ?? unreachable
    }

    private var unreachable: String {
        let server = place.storeIsServed ? "what started the processes" : "the process with rank 0"
        return
            "\(server), at \(place.host):\(place.port), can no longer be reached: it ended or the link to it is "
            + "broken"
    }

    private func connect() throws(TorchError) -> ProcessStore {
        try ProcessStore(host: place.host, port: place.port, role: .client, timeout: Self.patience)
            .prefixed(place.storePrefix)
    }

    private func findOut(_ error: TorchError, timeout: Double) -> String {
        do {
            let store = try connect()
            if let reason = try reasonOfOther(store) { return reason }
            let before = try beats(store)
            Thread.sleep(forTimeInterval: Self.silence)
            // One that fails may say so a moment after the others have noticed.
            if let reason = try reasonOfOther(store) { return reason }
            let after = try beats(store)
            let silent = (0..<place.size).filter { $0 != place.rank && before[$0]?.count == after[$0]?.count }
            if !silent.isEmpty { return silent.map { describe($0, after[$0]) }.joined(separator: "; ") }
            let own = step.load(ordering: .relaxed)
            let late = (0..<place.size).filter { (after[$0]?.step ?? own) < own }
            if !late.isEmpty {
                let names = late.map { "rank \($0) (still at step \(after[$0]?.step ?? 0))" }.joined(separator: ", ")
                return "\(names) did not reach step \(own) within \(Figures.duration(timeout)), but is alive"
            }
            return "all processes are alive, but their link broke: \(error.message)"
        } catch {
            return unreachable
        }
    }

    /// The reason that another process gave when it ended; nil if none did.
    private func reasonOfOther(_ store: ProcessStore) throws(TorchError) -> String? {
        for rank in 0..<place.size where rank != place.rank {
            if let reason = try store.value(Self.farewell(rank)) {
                foundReason.store(true, ordering: .relaxed)
                return "the process with rank \(rank) ended: \(reason)"
            }
        }
        return nil
    }

    private struct Beat {
        let count: Int
        let step: Int
        let host: String
        let process: String
    }

    private func beats(_ store: ProcessStore) throws(TorchError) -> [Int: Beat] {
        var result: [Int: Beat] = [:]
        for rank in 0..<place.size {
            let parts = try store.value(Self.beat(rank))?.split(separator: " ") ?? []
            guard parts.count == 4, let count = Int(parts[0]), let step = Int(parts[1]) else { continue }
            result[rank] = Beat(count: count, step: step, host: String(parts[2]), process: String(parts[3]))
        }
        return result
    }

    private func describe(_ rank: Int, _ beat: Beat?) -> String {
        guard let beat else { return "the process with rank \(rank) never started" }
        return
            "the process with rank \(rank) (number \(beat.process) on \(beat.host), last seen at step \(beat.step)) "
            + "does not answer: it was killed, hangs, or its link is broken"
    }
}
