import FineTuning
import Testing

@Suite("The learning rate and the order of the data")
struct ScheduleTests {
    /// The factors of transformers' `get_linear_schedule_with_warmup(optimizer, 4, 10)`, worked out by its formula:
    /// step / 4 during warm-up, then (10 - step) / 6.
    @Test("the rate rises linearly, then falls to 0 at the last step")
    func shape() {
        let schedule = LinearSchedule(peak: 6e-5, warmupSteps: 4, totalSteps: 10)
        let expected = [0, 0.25, 0.5, 0.75, 1, 5.0 / 6, 4.0 / 6, 3.0 / 6, 2.0 / 6, 1.0 / 6, 0, 0]
        for (step, factor) in expected.enumerated() {
            #expect(abs(schedule.rate(step: step) - 6e-5 * factor) < 1e-18, "step \(step)")
        }
    }

    @Test("odd lengths give finite rates", arguments: [(0, 0), (0, 1), (1, 1), (5, 5), (7, 3)])
    func edges(warmup: Int, total: Int) {
        let schedule = LinearSchedule(peak: 1, warmupSteps: warmup, totalSteps: total)
        for step in 0...10 { #expect((0...1).contains(schedule.rate(step: step))) }
    }

    @Test("without warm-up the first step has the whole rate")
    func noWarmup() {
        #expect(LinearSchedule(peak: 2e-5, warmupSteps: 0, totalSteps: 8).rate(step: 0) == 2e-5)
    }

    @Test("an epoch's order holds every row once and depends on seed and epoch alone")
    func order() {
        let first = DataOrder.permutation(count: 1000, seed: 42, epoch: 0)
        #expect(first.sorted() == Array(0..<1000))
        #expect(first == DataOrder.permutation(count: 1000, seed: 42, epoch: 0))
        #expect(first != DataOrder.permutation(count: 1000, seed: 42, epoch: 1))
        #expect(first != DataOrder.permutation(count: 1000, seed: 43, epoch: 0))
        #expect(DataOrder.permutation(count: 0, seed: 1, epoch: 0).isEmpty)
        #expect(DataOrder.permutation(count: 1, seed: 1, epoch: 0) == [0])
    }
}
