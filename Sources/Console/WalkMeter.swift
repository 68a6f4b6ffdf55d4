import Foundation

/// Shows how much of a large file has been read; a smaller one is done before anybody could read a line.
package struct WalkMeter {
    private var meter = ProgressMeter()
    private let start = Date.now
    private let total: Int
    private static let smallFile = 64_000_000

    /// - Parameter total: the file's size in bytes.
    package init(of total: Int) { self.total = total }

    /// Shows that so many bytes have been read, unless that was shown a moment ago.
    package mutating func show(_ bytes: Int) {
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
    package mutating func finish() { meter.finish() }
}
