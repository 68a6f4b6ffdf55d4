/// The learning rate over a run: a linear rise, then a linear fall to 0 at the last step.
///
/// - Source: transformers' `get_linear_schedule_with_warmup`.
public struct LinearSchedule: Sendable, Hashable {
    /// The learning rate at its highest.
    public let peak: Double
    /// Steps of the rise.
    public let warmupSteps: Int
    /// Steps of the whole run.
    public let totalSteps: Int

    /// A schedule of `totalSteps`, rising during the first `warmupSteps`.
    public init(peak: Double, warmupSteps: Int, totalSteps: Int) {
        self.peak = peak
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
    }

    /// The schedule of a run over so many rows.
    init(_ options: TrainingOptions, rows: Int, rowsPerStep: Int) {
        let perEpoch = (rows + rowsPerStep - 1) / rowsPerStep
        let total = min(perEpoch * options.epochs, options.maxSteps ?? .max)
        self.init(
            peak: options.learningRate, warmupSteps: Int(options.warmupRatio * Double(total)), totalSteps: total)
    }

    /// The learning rate of a step, counted from 0.
    public func rate(step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step) / Double(max(1, warmupSteps)) }
        return peak * max(0, Double(totalSteps - step) / Double(max(1, totalSteps - warmupSteps)))
    }
}
