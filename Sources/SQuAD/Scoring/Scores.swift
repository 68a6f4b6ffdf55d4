/// The scores of a set of predictions, in per cent of the questions.
public struct Scores: Sendable, Hashable {
    /// The share of predictions that equal an acceptable answer after normalisation, 0 to 100.
    public var exactMatch: Double
    /// The mean overlap of words with the closest acceptable answer, 0 to 100.
    public var f1: Double
    /// The number of questions.
    public var total: Int
    /// How many of them have no prediction; they score 0.
    public var missing: Int
    /// Version 2.0: the questions that have an answer; nil if there are none.
    public var hasAnswer: Part?
    /// Version 2.0: the questions that have none; nil if there are none. Right is to leave them unanswered.
    public var noAnswer: Part?
    /// Version 2.0: what the best thresholds for leaving questions unanswered would give.
    package var thresholds: NoAnswerThresholds?

    /// Scores from their parts.
    public init(exactMatch: Double, f1: Double, total: Int, missing: Int) {
        self.exactMatch = exactMatch
        self.f1 = f1
        self.total = total
        self.missing = missing
    }

    /// The means over questions.
    init(_ questions: [QuestionScore]) {
        let means = Part(questions)
        self.init(
            exactMatch: means?.exactMatch ?? 0, f1: means?.f1 ?? 0, total: questions.count,
            missing: questions.count { $0.isMissing })
    }

    /// The scores of some of the questions.
    public struct Part: Sendable, Hashable {
        /// Exact match, 0 to 100.
        public let exactMatch: Double
        /// F1, 0 to 100.
        public let f1: Double
        /// The number of these questions.
        public let total: Int

        /// The means over questions; nil if there are none.
        init?(_ questions: [QuestionScore]) {
            guard !questions.isEmpty else { return nil }
            // The order of operations is the official script's, so that the last digit agrees.
            exactMatch = 100 * questions.reduce(0) { $0 + $1.exactMatch } / Double(questions.count)
            f1 = 100 * questions.reduce(0) { $0 + $1.f1 } / Double(questions.count)
            total = questions.count
        }
    }
}

/// The scores of one question.
public struct QuestionScore: Sendable, Hashable {
    /// The question's id.
    public let id: QuestionID
    /// 1 if the prediction equals an acceptable answer after normalisation, else 0.
    public internal(set) var exactMatch: Double
    /// The overlap of words with the closest acceptable answer, 0 to 1.
    public internal(set) var f1: Double
    /// Whether there is no prediction.
    public let isMissing: Bool
    /// Whether the dataset has an answer.
    public let hasAnswer: Bool
}
