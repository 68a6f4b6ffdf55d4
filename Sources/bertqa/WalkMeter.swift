import FineTuning
import Foundation

/// Shows how far a large file is walked through; a smaller one is done before anybody could read a line.
struct WalkMeter {
    private var meter = ProgressMeter()
    private let start = Date.now
    private let total: Int
    private static let smallFile = 64_000_000

    /// - Parameter total: the file's size in bytes.
    init(of total: Int) { self.total = total }

    /// Shows that so many bytes are walked through, unless that was shown a moment ago.
    mutating func show(_ bytes: Int) {
        let total = total
        guard total > Self.smallFile else { return }
        let seconds = Date.now.timeIntervalSince(start)
        // The first moment says nothing about the rest.
        guard seconds > 1, let pace = Pace(done: bytes, of: total, seconds: seconds) else { return }
        meter.show(
            "\(bytes / 1_000_000)/\(total / 1_000_000) MB  \(Int(pace.perSecond / 1e6)) MB/s  "
                + "\(Figures.duration(pace.secondsLeft)) left")
    }

    /// Ends the line, so that a result stands below it.
    mutating func finish() { meter.finish() }
}
