import Foundation

/// The course of the learning rate after warm-up.
///
/// - Source: transformers' `get_linear_schedule_with_warmup`, `get_cosine_schedule_with_warmup` and
///   `get_constant_schedule_with_warmup`.
public enum LearningRateShape: String, Sendable, CaseIterable {
    /// It falls in a straight line to 0 at the last step.
    case linear
    /// It falls along half a cosine to 0 at the last step: slowly at both ends, faster between.
    case cosine
    /// It stays at its highest.
    case constant

    /// The share of the highest rate after this many of the `span` steps from the end of warm-up to the last step. If
    /// the span is 0, transformers' line is at its end and its cosine at its beginning.
    func factor(step: Int, of span: Int) -> Double {
        let whole = Double(max(1, span))
        return switch self {
        case .linear: max(0, Double(span - step) / whole)
        case .cosine: max(0, 0.5 * (1 + cos(.pi * (Double(step) / whole))))
        case .constant: 1
        }
    }
}

/// The learning rate over a run: a linear warm-up, then the course of the shape.
package struct LearningRateSchedule: Sendable, Hashable {
    /// The highest learning rate.
    package let peak: Double
    /// Steps of warm-up.
    package let warmupSteps: Int
    /// Steps of the whole run.
    package let totalSteps: Int
    /// The course after warm-up.
    package let shape: LearningRateShape

    /// A schedule of `totalSteps`, rising during the first `warmupSteps`.
    package init(peak: Double, warmupSteps: Int, totalSteps: Int, shape: LearningRateShape = .linear) {
        self.peak = peak
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
        self.shape = shape
    }

    /// The schedule of a run over this many rows.
    init(_ options: TrainingOptions, rows: Int, rowsPerStep: Int) {
        let perEpoch = (rows + rowsPerStep - 1) / rowsPerStep
        let total = min(perEpoch * options.epochs, options.maxSteps ?? .max)
        self.init(
            peak: options.learningRate, warmupSteps: Int(options.warmupRatio * Double(total)), totalSteps: total,
            shape: options.learningRateShape)
    }

    /// The learning rate of a step, counted from 0.
    package func rate(step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step) / Double(max(1, warmupSteps)) }
        return peak * shape.factor(step: step - warmupSteps, of: totalSteps - warmupSteps)
    }
}
