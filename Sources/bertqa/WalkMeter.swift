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
        guard total > Self.smallFile else { return }
        let seconds = Date.now.timeIntervalSince(start)
        // The first moment says nothing about the rest.
        guard seconds > 1 else { return }
        let (bytes, total) = (Double(bytes), Double(total))
        let rate = bytes / seconds
        meter.show(
            "\(Int(bytes / 1e6))/\(Int(total / 1e6)) MB  \(Int(rate / 1e6)) MB/s  "
                + "\(Figures.duration((total - bytes) / max(rate, 1))) left")
    }

    /// Ends the line, so that a result stands below it.
    mutating func finish() { meter.finish() }
}
