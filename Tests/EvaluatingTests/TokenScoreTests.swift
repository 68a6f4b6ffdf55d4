import Evaluating
import Testing

@Suite("Scores over tokens")
struct TokenScoreTests {
    /// - Source: the tutorial's worked example.
    @Test("tokens 7 to 11 against 9 to 12: recall 3/4, precision 3/5, F1 2/3, no point")
    func tutorialExample() {
        #expect(abs(Evaluation.overlap(7...11, 9...12) - 2.0 / 3) < 1e-12)
        #expect(Evaluation.points(7...11, 9...12) == 0)
        #expect(Evaluation.points(9...11, 9...12) == 1)
        #expect(Evaluation.points(9...12, 9...12) == 2)
        #expect(Evaluation.overlap(1...2, 3...4) == 0)
    }
}
