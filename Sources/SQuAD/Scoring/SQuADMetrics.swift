/// The official metrics of SQuAD v1.1 and v2.0.
///
/// A dataset that says for its questions whether they have an answer is scored by the rules of v2.0, any other by those
/// of v1.1. Texts are compared by code points, as Python does, and not by canonical equivalence, as Swift's `==` would.
/// - Source: the definitions in Rajpurkar et al. 2016, arXiv:1606.05250, section 6, and Rajpurkar et al. 2018,
///   arXiv:1806.03822, as the official scripts `evaluate-v1.1.py` and `evaluate-v2.0.py` carry them out.
public enum SQuADMetrics {
    /// The words of a text in lower case, without ASCII punctuation and English articles.
    public static func words(_ text: String) -> [[Unicode.Scalar]] {
        let lowered = PythonText.lower(Array(text.unicodeScalars)).filter { !PythonText.isPunctuation($0) }
        return MLQAText.withoutArticles(lowered, ["a", "an", "the"]).split(whereSeparator: PythonText.isSpace).map(
            Array.init)
    }

    /// The text that exact match compares: its words with one space between them.
    public static func normalized(_ text: String) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: words(text).joined(separator: [" "]))
        return String(view)
    }

    /// Whether two texts have the same words in the same order.
    public static func exactMatch(_ prediction: String, _ answer: String) -> Bool {
        words(prediction) == words(answer)
    }

    /// The harmonic mean of precision and recall over words, 0 to 1.
    public static func f1(_ prediction: String, _ answer: String) -> Double {
        ScoringRules.squad.f1(words(prediction), words(answer))
    }

    /// Scores predictions by question id against every acceptable answer of the dataset.
    ///
    /// - Parameters:
    ///   - dataset: the questions with their answers.
    ///   - predictions: the answer of each question id.
    ///   - noAnswer: how likely each question is to have no answer. A question more likely to have none than
    ///     `threshold` counts as left unanswered, and the best thresholds are looked for. Version 2.0 only.
    ///   - threshold: the probability of having no answer above which a question counts as left unanswered.
    ///   - rules: how texts are compared.
    public static func score(
        _ dataset: Dataset, predictions: [QuestionID: String], noAnswer: NoAnswerProbabilities? = nil,
        threshold: Double = 1, rules: ScoringRules = .squad
    ) -> Scores {
        let raw = questionScores(dataset, predictions: predictions, rules: rules)
        guard dataset.isVersion2 else { return Scores(raw) }
        let questions = noAnswer.map { $0.applied(to: raw, threshold: threshold) } ?? raw
        var scores = Scores(questions)
        scores.hasAnswer = Scores.Part(questions.filter(\.hasAnswer))
        scores.noAnswer = Scores.Part(questions.filter { !$0.hasAnswer })
        scores.thresholds = noAnswer.map { NoAnswerThresholds(raw, predictions: predictions, probabilities: $0) }
        return scores
    }

    /// The scores of each single question, in the order of the file, under the keys of `QuestionKeys`.
    ///
    /// A question whose id came before takes the prediction for its key; if there is none, the one for its id counts
    /// for all that have it, as in the official scripts.
    public static func questionScores(
        _ dataset: Dataset, predictions: [QuestionID: String], rules: ScoringRules = .squad
    ) -> [QuestionScore] {
        let isVersion2 = dataset.isVersion2
        var keys = QuestionKeys(dataset)
        return dataset.articles.lazy.flatMap(\.paragraphs).flatMap(\.questions).map { question in
            let key = keys.next(question.id)
            return score(question, key, predictions[key] ?? predictions[question.id], rules, isVersion2: isVersion2)
        }
    }

    private static func score(
        _ question: Question, _ key: QuestionID, _ prediction: String?, _ rules: ScoringRules, isVersion2: Bool
    ) -> QuestionScore {
        let hasAnswer = !question.answers.isEmpty
        guard let prediction else {
            return QuestionScore(id: key, exactMatch: 0, f1: 0, isMissing: true, hasAnswer: hasAnswer)
        }
        let predicted = rules.normalized(prediction)
        var answers = question.answers.map { rules.normalized($0.text) }
        if isVersion2 {
            // Answers of which nothing is left don't count; where none does, leaving the question unanswered is right.
            answers.removeAll(where: \.isEmpty)
            if answers.isEmpty { answers = [rules.normalized("")] }
        }
        let overlaps = answers.map { answer in
            isVersion2 && answer.isEmpty && predicted.isEmpty ? 1 : rules.f1(predicted.tokens, answer.tokens)
        }
        return QuestionScore(
            id: key, exactMatch: answers.contains { $0.exact == predicted.exact } ? 1 : 0, f1: overlaps.max() ?? 0,
            isMissing: false, hasAnswer: hasAnswer)
    }
}
