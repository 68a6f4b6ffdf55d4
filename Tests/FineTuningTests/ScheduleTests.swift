import FineTuning
import Testing

@Suite("The learning rate and the order of the data")
struct ScheduleTests {
    /// What transformers' schedules multiply the rate with: Tools/make_trainer_fixtures.py.
    @Test("the rate rises linearly, then follows its shape, as in transformers", arguments: LearningRateShape.allCases)
    func shape(shape: LearningRateShape) throws {
        let cases = try TrainerFixtures.read("schedules").array ?? []
        let own = cases.filter { $0["shape"]?.string == shape.rawValue }
        #expect(own.count == 6)
        for each in own {
            let schedule = LearningRateSchedule(
                peak: 6e-5, warmupSteps: try #require(each["warmup"]?.int),
                totalSteps: try #require(each["total"]?.int), shape: shape)
            for (step, factor) in try #require(each["multipliers"]?.array).enumerated() {
                #expect(abs(schedule.rate(step: step) - 6e-5 * (factor.double ?? .nan)) < 1e-18, "step \(step)")
            }
        }
    }

    @Test("odd lengths give finite rates", arguments: [(0, 0), (0, 1), (1, 1), (5, 5), (7, 3)])
    func edges(warmup: Int, total: Int) {
        for shape in LearningRateShape.allCases {
            let schedule = LearningRateSchedule(peak: 1, warmupSteps: warmup, totalSteps: total, shape: shape)
            for step in 0...10 { #expect((0...1).contains(schedule.rate(step: step)), "\(shape) \(step)") }
        }
    }

    @Test("without warm-up the first step has the whole rate")
    func noWarmup() {
        #expect(LearningRateSchedule(peak: 2e-5, warmupSteps: 0, totalSteps: 8).rate(step: 0) == 2e-5)
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
