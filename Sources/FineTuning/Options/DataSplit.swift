/// The unit that is split off the training file for validation.
public enum DataSplit: String, Sendable, CaseIterable {
    /// Questions at random: quick to learn from, but the model has seen their texts.
    case question
    /// Whole articles at random, so that the model is asked about texts it has not seen.
    case article
}
