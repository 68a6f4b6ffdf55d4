import Console
import Hub
import Synchronization

/// The progress of downloads, one line.
struct DownloadMeter {
    private var meter = ProgressMeter()
    private var file = ""
    private var start = ContinuousClock().now
    private var first = 0

    /// Runs a download with its progress on standard error.
    static func showing<Result>(
        _ download: (@escaping @Sendable (Hub.Progress) -> Void) async throws -> Result
    ) async throws -> Result {
        let meter = Mutex(DownloadMeter())
        defer { meter.withLock { $0.meter.finish() } }
        return try await download { progress in meter.withLock { $0.show(progress) } }
    }

    private mutating func show(_ progress: Hub.Progress) {
        if progress.file != file {
            (file, start, first) = (progress.file, ContinuousClock().now, progress.received)
        }
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        var line = "\(file)  \(Self.megabytes(Double(progress.received)))"
        if let total = progress.total {
            line += " of \(Self.megabytes(Double(total)))"
            if let pace = Pace(done: progress.received, before: first, of: total, seconds: seconds) {
                line += "  \(Self.megabytes(pace.perSecond))/s  \(Figures.duration(pace.secondsLeft)) left"
            }
        }
        meter.show(line, always: progress.received == progress.total)
    }

    private static func megabytes(_ bytes: Double) -> String { "\(Figures.fixed(bytes / 1e6, 1)) MB" }
}
