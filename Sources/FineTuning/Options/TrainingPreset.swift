import QuestionAnswering

/// A set of options.
public enum TrainingPreset: String, Sendable, CaseIterable {
    /// The procedure of the tutorial that the project grew from, exactly: batches of 16, AdamW at 2e-5 without decay,
    /// linear to zero, clipping at 1, three epochs, each one's weights kept, a random twentieth split off, pairs cut
    /// `longest_first` at 384 tokens, labels by masks, questions left out whose answer is cut.
    case tutorial
    /// Fewer epochs at a higher learning rate with warm-up, in bfloat16 if the device has it: close to the best result
    /// in little time for small encoders.
    case fast

    /// Sets the preset's options.
    public func apply(to options: inout TrainingOptions) {
        switch self {
        case .tutorial:
            options.features = FeatureOptions(truncation: .longestFirst)
            options.features.alignment = .mask
            options.features.dropsLostAnswers = true
            (options.batchSize, options.epochs, options.checkpointsKept) = (16, 3, 3)
            (options.learningRate, options.adamEpsilon, options.weightDecay) = (2e-5, 1e-8, 0)
            (options.warmupRatio, options.maxGradNorm, options.validationFraction) = (0, 1, 0.05)
        case .fast:
            (options.epochs, options.learningRate, options.warmupRatio) = (2, 1e-4, 0.1)
        }
    }
}
