import StrictJSON

/// How likely each question is to have no answer: what `{"id": probability}` files hold.
public struct NoAnswerProbabilities: Sendable {
    /// Ids and probabilities, 0 to 1. Among equal probabilities their order decides, as in the official script.
    public let entries: [(id: QuestionID, probability: Double)]

    /// Probabilities made in memory.
    public init(_ entries: [(id: QuestionID, probability: Double)]) {
        self.entries = entries
    }

    /// Reads a file of probabilities.
    ///
    /// - Throws: `DatasetError` for a file that cannot be read or is not an object of numbers.
    public init(path: String) throws(DatasetError) {
        let object = try QuestionFile.read(
            path, content: "a file of probabilities is an object {\"question id\": probability}")
        var entries: [(id: QuestionID, probability: Double)] = []
        for (id, number) in object {
            guard let probability = number.double, probability.isFinite else {
                throw DatasetError(path: path, message: "the probability of question \(id) is not a number")
            }
            entries.append((QuestionID(id), probability))
        }
        self.entries = entries
    }

    /// Writes a file of probabilities that appears whole or not at all.
    ///
    /// - Throws: `DatasetError` with the system's reason.
    public func write(to path: String) throws(DatasetError) {
        try QuestionFile.write(JSONObject(entries.map { ($0.id.text, .double($0.probability)) }), to: path)
    }

    /// The scores with questions left unanswered that are more likely to have no answer than the threshold.
    func applied(to questions: [QuestionScore], threshold: Double) -> [QuestionScore] {
        let byID = Dictionary(entries.map { ($0.id, $0.probability) }) { _, last in last }
        return questions.map { question in
            guard let probability = byID[question.id], probability > threshold else { return question }
            var question = question
            question.exactMatch = question.hasAnswer ? 0 : 1
            question.f1 = question.exactMatch
            return question
        }
    }
}

/// The thresholds at which leaving questions unanswered scores best, and how well the probabilities rank them.
///
/// - Source: `find_best_thresh` and `make_precision_recall_eval` of the official `evaluate-v2.0.py`.
package struct NoAnswerThresholds: Sendable, Hashable {
    /// The best score that any threshold gives, and the threshold.
    package struct Best: Sendable, Hashable {
        /// Per cent.
        package let score: Double
        /// A question more likely to have no answer than this is left unanswered.
        package let threshold: Double
    }

    /// The best exact match.
    package let exactMatch: Best
    /// The best F1.
    package let f1: Best
    /// The average precision of exact match, of F1 and of telling whether there is an answer, per cent; nil if no
    /// question has one.
    package let averagePrecision: AveragePrecision?

    /// Areas under curves of precision over recall, per cent.
    package struct AveragePrecision: Sendable, Hashable {
        /// Of exact match.
        package let exactMatch: Double
        /// Of F1.
        package let f1: Double
        /// Of whether there is an answer.
        package let oracle: Double
    }

    /// - Parameter questions: the scores of all predictions, none left out.
    init(_ questions: [QuestionScore], predictions: [QuestionID: String], probabilities: NoAnswerProbabilities) {
        let byID = Dictionary(questions.map { ($0.id, $0) }) { first, _ in first }
        // Swift's sort is stable, as Python's is.
        let ranked = probabilities.entries.sorted { $0.probability < $1.probability }.compactMap { entry in
            byID[entry.id].map {
                Ranked(
                    score: $0, probability: entry.probability, isAnswered: !(predictions[entry.id] ?? "").isEmpty)
            }
        }
        let unanswerable = questions.count { !$0.hasAnswer }
        let count = questions.count
        exactMatch = Self.best(ranked, unanswerable: unanswerable, count: count) { $0.exactMatch }
        f1 = Self.best(ranked, unanswerable: unanswerable, count: count) { $0.f1 }
        let answerable = Double(count - unanswerable)
        averagePrecision =
            answerable == 0
            ? nil
            : AveragePrecision(
                exactMatch: Self.precision(ranked, answerable: answerable) { $0.exactMatch },
                f1: Self.precision(ranked, answerable: answerable) { $0.f1 },
                oracle: Self.precision(ranked, answerable: answerable) { _ in 1 })
    }

    private struct Ranked {
        let score: QuestionScore
        let probability: Double
        let isAnswered: Bool
    }

    /// Answers one question more after the other, the surest first, and keeps the best sum of scores on the way.
    private static func best(
        _ ranked: [Ranked], unanswerable: Int, count: Int, _ score: (QuestionScore) -> Double
    ) -> Best {
        var current = Double(unanswerable)
        var best = (sum: current, threshold: 0.0)
        for entry in ranked {
            current += entry.score.hasAnswer ? score(entry.score) : (entry.isAnswered ? -1 : 0)
            if current > best.sum { best = (current, entry.probability) }
        }
        return Best(score: 100 * best.sum / Double(max(1, count)), threshold: best.threshold)
    }

    private static func precision(
        _ ranked: [Ranked], answerable: Double, _ score: (QuestionScore) -> Double
    ) -> Double {
        var found = 0.0
        var recall = 0.0
        var average = 0.0
        for (index, entry) in ranked.enumerated() {
            if entry.score.hasAnswer { found += score(entry.score) }
            guard index == ranked.count - 1 || entry.probability != ranked[index + 1].probability else { continue }
            average += found / Double(index + 1) * (found / answerable - recall)
            recall = found / answerable
        }
        return 100 * average
    }
}
