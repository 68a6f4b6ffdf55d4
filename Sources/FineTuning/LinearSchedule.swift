/// The learning rate over a run: a linear rise, then a linear fall to 0 at the last step.
///
/// - Source: transformers' `get_linear_schedule_with_warmup`.
package struct LinearSchedule: Sendable, Hashable {
    /// The learning rate at its highest.
    package let peak: Double
    /// Steps of the rise.
    package let warmupSteps: Int
    /// Steps of the whole run.
    package let totalSteps: Int

    /// A schedule of `totalSteps`, rising during the first `warmupSteps`.
    package init(peak: Double, warmupSteps: Int, totalSteps: Int) {
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
    package func rate(step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step) / Double(max(1, warmupSteps)) }
        return peak * max(0, Double(totalSteps - step) / Double(max(1, totalSteps - warmupSteps)))
    }
}
