/// How far a mean over questions may be from the mean over other questions of the same kind.
package enum Bootstrap {
    /// The range that holds the mean in 95 of 100 resamples of the values; both ends 0 without values.
    ///
    /// For the differences of two models question by question: if 0 is outside, one is better beyond chance.
    /// - Source: Efron 1979, doi:10.1214/aos/1176344552; the percentile interval.
    ///
    /// - Parameters:
    ///   - samples: how often the values are drawn again, with replacement.
    ///   - seed: the same seed gives the same range.
    package static func interval(_ values: [Double], samples: Int = 2000, seed: UInt64 = 42) -> ClosedRange<Double> {
        guard !values.isEmpty, samples > 0 else { return 0...0 }
        var generator = SplitMix64(seed: seed)
        let count = UInt64(values.count)
        let means = (0..<samples).map { _ in
            var sum = 0.0
            for _ in values { sum += values[Int(generator.next().multipliedFullWidth(by: count).high)] }
            return sum / Double(values.count)
        }.sorted()
        let tail = min(samples / 2, Int((0.025 * Double(samples)).rounded()))
        return means[tail]...means[samples - 1 - tail]
    }
}
