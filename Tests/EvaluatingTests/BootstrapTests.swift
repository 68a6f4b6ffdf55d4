import Evaluating
import Testing

@Suite("Bootstrap intervals")
struct BootstrapTests {
    @Test("a share's interval is about two standard errors wide on each side, and the same for the same seed")
    func share() {
        let values = (0..<400).map { $0 % 4 == 0 ? 0.0 : 1.0 }
        let interval = Bootstrap.interval(values)
        // The standard error of a share of 0.75 among 400 is 0.0217.
        #expect(abs(interval.lowerBound - (0.75 - 1.96 * 0.0217)) < 0.006)
        #expect(abs(interval.upperBound - (0.75 + 1.96 * 0.0217)) < 0.006)
        #expect(interval == Bootstrap.interval(values))
        #expect(interval != Bootstrap.interval(values, seed: 1))
    }

    @Test("equal values, one value and none have no width")
    func narrow() {
        #expect(Bootstrap.interval([0.5, 0.5, 0.5]) == 0.5...0.5)
        #expect(Bootstrap.interval([2]) == 2...2)
        #expect(Bootstrap.interval([]) == 0...0)
    }
}
