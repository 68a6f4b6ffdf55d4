import Charts
import Evaluating
import Testing

@Suite("How far scores can be believed")
struct ReliabilityTests {
    private func reliability(_ outcomes: [(Double, Bool)], bins: Int = Reliability.usualBins) -> Reliability {
        Reliability(outcomes.map { Reliability.Outcome(score: $0.0, isRight: $0.1) }, binCount: bins)
    }

    /// By hand, with bins of a fifth: 0.05 and 0.15 lie in the first (mean 0.1, none right), 0.5 in the third (right),
    /// 0.8, 0.9, 1 in the fifth (mean 0.9, two of three right). The error is 2/6 of 0.1, 1/6 of 0.5, 3/6 of 0.9 - 2/3.
    @Test("the calibration error is the mean gap between score and accuracy of the bins")
    func byHand() {
        let found = reliability(
            [(0.9, true), (0.05, false), (1, true), (0.5, true), (0.15, false), (0.8, false)], bins: 5)
        #expect(found.bins.map(\.count) == [2, 0, 1, 0, 3])
        #expect(found.bins.map(\.right) == [0, 0, 1, 0, 2])
        let gaps: [Double] = [2 * 0.1, 1 * 0.5, 3 * 0.9 - 2]
        #expect(abs(found.calibrationError - gaps.reduce(0, +) / 6) < 1e-12)
    }

    /// `Tools/check_calibration_error.py` computes the same numbers with NumPy.
    @Test("it equals what NumPy computes over fifteen bins")
    func asNumPy() {
        let outcomes = (0..<200).map { (index: Int) -> (Double, Bool) in
            (Double((index * 37) % 101) / 100, (index * 53) % 7 < 3)
        }
        #expect(abs(reliability(outcomes).calibrationError - 0.25315) < 1e-9)
    }

    @Test("a score at a border belongs to the bin above it, 0 to the first, 1 to the last")
    func borders() {
        let bins = reliability([(0, false), (0.25, false), (0.5, true), (1, true)], bins: 4).bins
        #expect(bins.map(\.count) == [1, 1, 1, 1])
    }

    @Test("answers of one score are answered together, the surest first")
    func coverage() throws {
        let found = reliability([(0.2, false), (0.9, true), (0.5, true), (0.5, false)])
        #expect(found.coverages.map(\.share) == [0.25, 0.75, 1])
        #expect(found.coverages.map(\.score) == [0.9, 0.5, 0.2])
        #expect(found.coverages.map(\.accuracy) == [1, 2.0 / 3, 0.5])
        #expect(try #require(found.coverage(atLeast: 0.5)).share == 0.75)
        #expect(reliability([]).coverage(atLeast: 0.5) == nil)
        #expect(reliability([]).calibrationError == 0)
    }

    @Test("scores without fault still have an error by chance, which falls with the number of answers")
    func chance() {
        var generator = SplitMix64(seed: 7)
        func drawn(_ count: Int) -> Reliability {
            reliability(
                (0..<count).map { _ in
                    let score = generator.nextShare()
                    return (score, generator.nextShare() < score)
                })
        }
        let (few, many) = (drawn(200), drawn(20_000))
        #expect(many.calibrationError < 0.02 && many.errorByChance() < 0.02)
        #expect(few.errorByChance() > 4 * many.errorByChance())
        #expect(abs(few.calibrationError - few.errorByChance()) < 0.05)
        #expect(few.errorByChance() == few.errorByChance())
    }

    @Test("the picture has a bar for each bin with answers, and its numbers as text")
    func picture() {
        let bins = [
            ReliabilityChart.Bin(lower: 0, upper: 0.5, count: 3, meanScore: 0.25, accuracy: 1.0 / 3),
            ReliabilityChart.Bin(lower: 0.5, upper: 1, count: 0, meanScore: 0, accuracy: 0),
        ]
        let chart = ReliabilityChart(bins: bins, coverage: [(0.5, 1), (1, 0.5)], error: 0.0833)
        let svg = chart.svg()
        #expect(svg.contains("Score 0.00 to 0.50: 3 answers, mean score 0.250, exact match 33.3 %."))
        #expect(!svg.contains("Score 0.50 to 1.00"))
        #expect(svg.contains("expected calibration error 0.0833 over 2 bins"))
        #expect(chart.png().starts(with: [0x89, 0x50, 0x4E, 0x47]))
        #expect(ReliabilityChart(bins: [], coverage: [], error: 0).svg().contains("</svg>"))
    }
}
