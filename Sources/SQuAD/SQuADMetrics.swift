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

    /// Scores from their parts.
    public init(exactMatch: Double, f1: Double, total: Int, missing: Int) {
        self.exactMatch = exactMatch
        self.f1 = f1
        self.total = total
        self.missing = missing
    }
}

/// The scores of one question.
public struct QuestionScore: Sendable, Hashable {
    /// The question's id.
    public let id: String
    /// 1 if the prediction equals an acceptable answer after normalisation, else 0.
    public let exactMatch: Double
    /// The overlap of words with the closest acceptable answer, 0 to 1.
    public let f1: Double
    /// Whether there is no prediction.
    public let isMissing: Bool
}

/// The official metrics of SQuAD v1.1.
///
/// Texts are compared by code points, as Python does, and not by canonical equivalence, as Swift's `==` would.
/// - Source: the definitions in Rajpurkar et al. 2016, arXiv:1606.05250, section 6, as the official script
///   `evaluate-v1.1.py` carries them out.
public enum SQuADMetrics {
    /// The words of a text in lower case, without ASCII punctuation and English articles.
    public static func words(_ text: String) -> [[Unicode.Scalar]] {
        let lowered = PythonText.lower(Array(text.unicodeScalars)).filter { !PythonText.isPunctuation($0) }
        return withoutArticles(lowered).split(whereSeparator: PythonText.isSpace).map(Array.init)
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
        f1(words(prediction), words(answer))
    }

    /// Scores predictions by question id against every acceptable answer of the dataset.
    public static func score(_ dataset: Dataset, predictions: [String: String]) -> Scores {
        let questions = questionScores(dataset, predictions: predictions)
        var scores = Scores(exactMatch: 0, f1: 0, total: questions.count, missing: questions.count { $0.isMissing })
        // The order of operations is the official script's, so that the last digit agrees.
        if scores.total > 0 {
            scores.exactMatch = 100 * questions.reduce(0) { $0 + $1.exactMatch } / Double(scores.total)
            scores.f1 = 100 * questions.reduce(0) { $0 + $1.f1 } / Double(scores.total)
        }
        return scores
    }

    /// The scores of each question by itself, in the order of the file.
    public static func questionScores(_ dataset: Dataset, predictions: [String: String]) -> [QuestionScore] {
        dataset.articles.lazy.flatMap(\.paragraphs).flatMap(\.questions).map { question in
            guard let prediction = predictions[question.id] else {
                return QuestionScore(id: question.id, exactMatch: 0, f1: 0, isMissing: true)
            }
            let predicted = words(prediction)
            let answers = question.answers.map { words($0.text) }
            return QuestionScore(
                id: question.id, exactMatch: answers.contains(predicted) ? 1 : 0,
                f1: answers.map { Self.f1(predicted, $0) }.max() ?? 0, isMissing: false)
        }
    }

    private static func f1(_ prediction: [[Unicode.Scalar]], _ answer: [[Unicode.Scalar]]) -> Double {
        var counts: [[Unicode.Scalar]: Int] = [:]
        for word in answer { counts[word, default: 0] += 1 }
        var same = 0
        for word in prediction {
            if let count = counts[word], count > 0 {
                counts[word] = count - 1
                same += 1
            }
        }
        guard same > 0 else { return 0 }
        let precision = Double(same) / Double(prediction.count)
        let recall = Double(same) / Double(answer.count)
        return (2 * precision * recall) / (precision + recall)
    }

    /// Puts a space in place of each whole word "a", "an" or "the", word boundaries being those of Python's `re`.
    private static func withoutArticles(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard PythonText.isWord(text[index]) else {
                result.append(text[index])
                index += 1
                continue
            }
            let end = text[index...].firstIndex { !PythonText.isWord($0) } ?? text.count
            let word = text[index..<end]
            if articles.contains(where: { $0.elementsEqual(word) }) {
                result.append(" ")
            } else {
                result += word
            }
            index = end
        }
        return result
    }

    private static let articles: [[Unicode.Scalar]] = [["a"], ["a", "n"], ["t", "h", "e"]]
}
