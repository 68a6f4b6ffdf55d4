/// The official metrics of SQuAD v1.1 and v2.0.
///
/// A dataset that says of its questions whether they have an answer is scored by the rules of v2.0, any other by those of
/// v1.1. Texts are compared by code points, as Python does, and not by canonical equivalence, as Swift's `==` would.
/// - Source: the definitions in Rajpurkar et al. 2016, arXiv:1606.05250, section 6, and Rajpurkar et al. 2018,
///   arXiv:1806.03822, as the official scripts `evaluate-v1.1.py` and `evaluate-v2.0.py` carry them out.
package enum SQuADMetrics {
    /// The words of a text in lower case, without ASCII punctuation and English articles.
    package static func words(_ text: String) -> [[Unicode.Scalar]] {
        let lowered = PythonText.lower(Array(text.unicodeScalars)).filter { !PythonText.isPunctuation($0) }
        return withoutArticles(lowered).split(whereSeparator: PythonText.isSpace).map(Array.init)
    }

    /// The text that exact match compares: its words with one space between them.
    package static func normalized(_ text: String) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: words(text).joined(separator: [" "]))
        return String(view)
    }

    /// Whether two texts have the same words in the same order.
    package static func exactMatch(_ prediction: String, _ answer: String) -> Bool {
        words(prediction) == words(answer)
    }

    /// The harmonic mean of precision and recall over words, 0 to 1.
    package static func f1(_ prediction: String, _ answer: String) -> Double {
        f1(words(prediction), words(answer))
    }

    /// Scores predictions by question id against every acceptable answer of the dataset.
    ///
    /// - Parameters:
    ///   - noAnswer: how likely each question is to have no answer. A question more likely to have none than `threshold`
    ///     counts as left unanswered, and the best thresholds are looked for. Version 2.0 only.
    package static func score(
        _ dataset: Dataset, predictions: [QuestionID: String], noAnswer: NoAnswerProbabilities? = nil,
        threshold: Double = 1
    ) -> Scores {
        let raw = questionScores(dataset, predictions: predictions)
        guard dataset.isVersion2 else { return Scores(raw) }
        let questions = noAnswer.map { $0.applied(to: raw, threshold: threshold) } ?? raw
        var scores = Scores(questions)
        scores.hasAnswer = Scores.Part(questions.filter(\.hasAnswer))
        scores.noAnswer = Scores.Part(questions.filter { !$0.hasAnswer })
        scores.thresholds = noAnswer.map { NoAnswerThresholds(raw, predictions: predictions, probabilities: $0) }
        return scores
    }

    /// The scores of each question by itself, in the order of the file.
    package static func questionScores(_ dataset: Dataset, predictions: [QuestionID: String]) -> [QuestionScore] {
        let isVersion2 = dataset.isVersion2
        return dataset.articles.lazy.flatMap(\.paragraphs).flatMap(\.questions).map { question in
            let hasAnswer = !question.answers.isEmpty
            guard let prediction = predictions[question.id] else {
                return QuestionScore(id: question.id, exactMatch: 0, f1: 0, isMissing: true, hasAnswer: hasAnswer)
            }
            let predicted = words(prediction)
            var answers = question.answers.map { words($0.text) }
            if isVersion2 {
                // Answers of which nothing is left don't count; where none does, leaving the question unanswered is right.
                answers.removeAll(where: \.isEmpty)
                if answers.isEmpty { answers = [[]] }
            }
            let overlaps = answers.map { isVersion2 && $0.isEmpty && predicted.isEmpty ? 1 : Self.f1(predicted, $0) }
            return QuestionScore(
                id: question.id, exactMatch: answers.contains(predicted) ? 1 : 0, f1: overlaps.max() ?? 0,
                isMissing: false, hasAnswer: hasAnswer)
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
