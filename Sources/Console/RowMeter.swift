/// Progress over rows or questions, and the time they took.
package struct RowMeter {
    /// What is counted.
    private let unit: String
    /// How many of them were done by an earlier run.
    private let before: Int
    private var meter = ProgressMeter()
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now

    /// Seconds since the start.
    package var seconds: Double { (clock.now - start) / .seconds(1) }

    /// Starts the clock.
    package init(unit: String = "rows", before: Int = 0) {
        (self.unit, self.before) = (unit, before)
    }

    /// Shows how many are done, unless that was shown a moment ago.
    package mutating func show(done: Int, of total: Int) {
        var line = "\(done)/\(total) \(unit)"
        if let pace = Pace(done: done, before: before, of: total, seconds: seconds) {
            line += "  \(Figures.fixed(pace.perSecond, 1)) \(unit)/s  \(Figures.duration(pace.secondsLeft)) left"
        }
        meter.show(line, always: done == total)
    }

    /// Shows a line that stays.
    package mutating func say(_ line: String) { meter.say(line) }

    /// Ends the line that is being rewritten.
    package mutating func finish() { meter.finish() }
}
