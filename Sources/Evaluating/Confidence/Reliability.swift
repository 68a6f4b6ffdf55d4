/// How well scores predict whether answers are right: the reliability diagram, the expected calibration error, and the
/// accuracy of the answers with the best scores.
///
/// - Source: Naeini et al. 2015 and Guo et al. 2017, arXiv:1706.04599, section 2 (the error); El-Yaniv and Wiener 2010,
///   JMLR 11 (the curve of accuracy against coverage).
package struct Reliability: Sendable, Hashable {
    /// An answer's score and whether it was right.
    package struct Outcome: Sendable, Hashable {
        /// From 0 to 1.
        package let score: Double
        /// By the official exact match.
        package let isRight: Bool

        /// An answer with that score.
        package init(score: Double, isRight: Bool) {
            (self.score, self.isRight) = (score, isRight)
        }
    }

    /// The answers whose scores lie between two bounds.
    package struct Bin: Sendable, Hashable {
        /// The lowest score that belongs to it.
        package let lower: Double
        /// The bound that its scores are below; 1 belongs to the last bin.
        package let upper: Double
        /// How many answers are in it.
        package fileprivate(set) var count = 0
        /// The sum of their scores.
        fileprivate var scores = 0.0
        /// How many of them are right.
        package fileprivate(set) var right = 0

        /// The mean of their scores; 0 in an empty bin.
        package var meanScore: Double { count == 0 ? 0 : scores / Double(count) }
        /// The share of them that is right, 0 to 1; 0 in an empty bin.
        package var accuracy: Double { count == 0 ? 0 : Double(right) / Double(count) }
        /// What the bin adds to the calibration error, times the number of all answers.
        fileprivate var gap: Double { abs(Double(right) - scores) }
    }

    /// The accuracy if only the questions with the best scores are answered.
    package struct Coverage: Sendable, Hashable {
        /// The share of the questions that is answered, above 0 to 1.
        package let share: Double
        /// The share of these answers that is right, 0 to 1.
        package let accuracy: Double
        /// The lowest score among them.
        package let score: Double
    }

    /// Bins of equal width from 0 to 1.
    package let bins: [Bin]
    /// One entry for each score that occurs, the best first; answers of equal score are answered together.
    package let coverages: [Coverage]
    private let sorted: [Outcome]

    /// The usual number of bins of the calibration error.
    package static let usualBins = 15

    /// The reliability of these scores.
    package init(_ outcomes: [Outcome], binCount: Int = usualBins) {
        let binCount = max(1, binCount)
        sorted = outcomes.sorted { $0.score > $1.score }
        var bins = (0..<binCount).map {
            Bin(lower: Double($0) / Double(binCount), upper: Double($0 + 1) / Double(binCount))
        }
        for outcome in sorted {
            let index = Self.bin(of: outcome.score, among: binCount)
            bins[index].count += 1
            bins[index].scores += outcome.score
            bins[index].right += outcome.isRight ? 1 : 0
        }
        self.bins = bins
        coverages = Self.coverages(sorted)
    }

    /// The number of answers.
    package var count: Int { sorted.count }

    /// The expected calibration error, 0 to 1: the mean over answers of how far the accuracy of their bin is from its
    /// mean score; 0 without answers.
    package var calibrationError: Double {
        count == 0 ? 0 : bins.reduce(0) { $0 + $1.gap } / Double(count)
    }

    /// The calibration error that perfect scores would have on as many answers by chance alone: the mean over samples
    /// in which each answer is right with the probability of its score.
    ///
    /// - Parameters:
    ///   - samples: how often they are drawn.
    ///   - seed: the same seed gives the same number.
    package func errorByChance(samples: Int = 200, seed: UInt64 = 42) -> Double {
        guard count > 0, samples > 0 else { return 0 }
        var generator = SplitMix64(seed: seed)
        let places = sorted.map { Self.bin(of: $0.score, among: bins.count) }
        var sum = 0.0
        for _ in 0..<samples {
            var gaps = bins.map(\.scores)
            for (outcome, place) in zip(sorted, places) where generator.nextShare() < outcome.score { gaps[place] -= 1 }
            sum += gaps.reduce(0) { $0 + abs($1) } / Double(count)
        }
        return sum / Double(samples)
    }

    /// The accuracy of the answers with the best scores, at least that share of all answers; nil without answers.
    package func coverage(atLeast share: Double) -> Coverage? {
        coverages.first { $0.share >= share - 1e-9 } ?? coverages.last
    }

    private static func bin(of score: Double, among count: Int) -> Int {
        min(count - 1, max(0, Int(score * Double(count))))
    }

    private static func coverages(_ sorted: [Outcome]) -> [Coverage] {
        var result: [Coverage] = []
        var right = 0
        for (index, outcome) in sorted.enumerated() {
            right += outcome.isRight ? 1 : 0
            guard index + 1 == sorted.count || sorted[index + 1].score != outcome.score else { continue }
            let answered = Double(index + 1)
            result.append(
                Coverage(
                    share: answered / Double(sorted.count), accuracy: Double(right) / answered, score: outcome.score))
        }
        return result
    }
}
