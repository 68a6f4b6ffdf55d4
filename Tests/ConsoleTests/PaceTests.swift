import Console
import Testing

@Suite("Pace")
struct PaceTests {
    @Test("is known once something was done", arguments: [(0, 0, 1.0), (7, 7, 1.0), (3, 7, 1.0), (1, 0, 0.0)])
    func unknown(done: Int, before: Int, seconds: Double) {
        #expect(Pace(done: done, before: before, of: 10, seconds: seconds) == nil)
    }

    @Test("counts what this run has done, and what is left of all")
    func known() throws {
        let pace = try #require(Pace(done: 60, before: 40, of: 100, seconds: 4))
        #expect(pace.perSecond == 5)
        #expect(pace.secondsLeft == 8)
    }

    @Test("has nothing left at the end, and behind it")
    func ended() {
        #expect(Pace(done: 10, of: 10, seconds: 1)?.secondsLeft == 0)
        #expect(Pace(done: 11, of: 10, seconds: 1)?.secondsLeft == 0)
    }
}
