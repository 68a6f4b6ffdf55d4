import Console
import Testing

@Suite("Progress")
struct ProgressMeterTests {
    /// A terminal that remembers what was written to it, and a clock that is set by hand.
    private final class Screen {
        var written: [String] = []
        var time = ContinuousClock().now
        var columns: Int? = 80

        func meter(isTerminal: Bool) -> ProgressMeter {
            ProgressMeter(
                isTerminal: isTerminal, plainInterval: 10, columns: { self.columns }, now: { self.time },
                write: { self.written.append($0) })
        }
    }

    @Test("a terminal's line is rewritten at most ten times a second")
    func terminal() {
        let screen = Screen()
        var meter = screen.meter(isTerminal: true)
        for step in 1...100 {
            meter.show("step \(step)")
            screen.time += .milliseconds(10)
        }
        #expect(screen.written.count == 10)
        #expect(screen.written.first == "\rstep 1\u{1B}[K")
        meter.show("the end", always: true)
        #expect(screen.written.last == "\rthe end\u{1B}[K")
    }

    @Test("elsewhere there is a plain line every ten seconds")
    func plain() {
        let screen = Screen()
        var meter = screen.meter(isTerminal: false)
        for step in 0..<25 {
            meter.show("step \(step)")
            screen.time += .seconds(1)
        }
        #expect(screen.written == ["step 0\n", "step 10\n", "step 20\n"])
        meter.finish()
        #expect(screen.written.count == 3)
    }

    @Test("a line is made only when it is shown")
    func laziness() {
        let screen = Screen()
        var meter = screen.meter(isTerminal: true)
        var made = 0
        func line() -> String {
            made += 1
            return "line"
        }
        meter.show(line())
        meter.show(line())
        #expect(made == 1)
    }

    @Test(
        "a narrow terminal shows the fields that fit, whole",
        arguments: [
            (80, "step 12/90  loss 1.25  lr 1.0e-04"), (34, "step 12/90  loss 1.25  lr 1.0e-04"),
            (33, "step 12/90  loss 1.25"), (22, "step 12/90  loss 1.25"), (21, "step 12/90"), (11, "step 12/90"),
            (17, "step 12/90"),
            (5, "step"),
        ])
    func width(columns: Int, expected: String) {
        let screen = Screen()
        screen.columns = columns
        var meter = screen.meter(isTerminal: true)
        meter.show("step 12/90  loss 1.25  lr 1.0e-04")
        #expect(screen.written == ["\r\(expected)\u{1B}[K"])
    }

    @Test("a line that stays does not overwrite the one before it")
    func say() {
        let screen = Screen()
        var meter = screen.meter(isTerminal: true)
        meter.show("step 1")
        meter.say("epoch 1 is done")
        meter.say("more")
        #expect(screen.written.joined() == "\rstep 1\u{1B}[K\nepoch 1 is done\nmore\n")
    }

    @Test(
        "durations read as people say them",
        arguments: [
            (-3, "0 s"), (41.6, "42 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"),
            (Double.nan, "?"), (Double.infinity, "?"),
        ])
    func durations(seconds: Double, expected: String) {
        #expect(Figures.duration(seconds) == expected)
    }

    @Test("one thing is not counted as several", arguments: [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
    func counts(number: Int, expected: String) {
        #expect(Figures.count(number, "row") == expected)
    }
}
