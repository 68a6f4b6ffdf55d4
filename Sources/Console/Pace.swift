/// How fast work goes that has a known end, and how long the rest of it takes.
package struct Pace: Sendable, Hashable {
    /// Units of work a second.
    package let perSecond: Double
    /// Seconds until the end, if it goes on like this.
    package let secondsLeft: Double

    /// The pace from the beginning until now; nil before anything was done, since there is nothing to go by yet.
    ///
    /// - Parameters:
    ///   - done: units of work that are done.
    ///   - before: how many of these were done before the beginning, by another run.
    ///   - total: how many there are.
    ///   - seconds: the time since the beginning.
    package init?(done: Int, before: Int = 0, of total: Int, seconds: Double) {
        guard done > before, seconds > 0 else { return nil }
        perSecond = Double(done - before) / seconds
        secondsLeft = Double(max(0, total - done)) / perSecond
    }
}
