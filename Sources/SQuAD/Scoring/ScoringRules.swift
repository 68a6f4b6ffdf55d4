/// How predictions are compared with answers.
public struct ScoringRules: Sendable, Hashable, CustomStringConvertible {
    /// Whose rules these are.
    package enum Metric: String, Sendable, Hashable, CaseIterable {
        /// SQuAD's: words between spaces, without English articles.
        case squad
        /// MLQA's: words or characters, and articles, by the language.
        case mlqa
        /// CMRC 2018's: Chinese characters, and the longest run that prediction and answer share.
        case cmrc
    }

    /// Whose rules these are.
    package let metric: Metric
    /// The language by its two letters; MLQA's rules depend on it.
    public let language: String?

    /// SQuAD's rules.
    public static let squad = ScoringRules(metric: .squad, language: nil)

    /// CMRC's rules.
    public static let cmrc = ScoringRules(metric: .cmrc, language: nil)

    /// MLQA's rules for a language; nil for one that they are not known for.
    public static func mlqa(_ language: String) -> ScoringRules? {
        languages.contains(language) ? ScoringRules(metric: .mlqa, language: language) : nil
    }

    /// The languages of `mlqa(_:)`: MLQA's seven, and Japanese, Korean and Thai, whose texts are taken apart by the
    /// same rules.
    public static let languages = ["ar", "de", "en", "es", "hi", "ja", "ko", "th", "vi", "zh"]

    private init(metric: Metric, language: String?) { (self.metric, self.language) = (metric, language) }

    /// As it is named to users, such as `mlqa (zh)`.
    public var description: String { metric.rawValue + (language.map { " (\($0))" } ?? "") }

    /// What is compared of a text: `exact` by exact match, `tokens` by F1.
    func normalized(_ text: String) -> NormalizedText {
        switch metric {
        case .squad:
            let words = SQuADMetrics.words(text)
            return NormalizedText(exact: words, tokens: words)
        case .mlqa:
            let words = MLQAText.words(text, language: language ?? "en")
            return NormalizedText(exact: words, tokens: words)
        case .cmrc: return NormalizedText(exact: [CMRCText.withoutPunctuation(text)], tokens: CMRCText.tokens(text))
        }
    }

    /// How well tokens agree, 0 to 1: the harmonic mean of precision and recall of what is in common.
    func f1(_ prediction: [[Unicode.Scalar]], _ answer: [[Unicode.Scalar]]) -> Double {
        let same = metric == .cmrc ? CMRCText.longestRun(prediction, answer) : Self.common(prediction, answer)
        guard same > 0 else { return 0 }
        let precision = Double(same) / Double(prediction.count)
        let recall = Double(same) / Double(answer.count)
        return (2 * precision * recall) / (precision + recall)
    }

    /// How many tokens two texts have in common, each as often as both have it.
    private static func common(_ prediction: [[Unicode.Scalar]], _ answer: [[Unicode.Scalar]]) -> Int {
        var counts: [[Unicode.Scalar]: Int] = [:]
        for word in answer { counts[word, default: 0] += 1 }
        return prediction.reduce(into: 0) { same, word in
            if let count = counts[word], count > 0 {
                counts[word] = count - 1
                same += 1
            }
        }
    }
}

/// A text as scores compare it.
struct NormalizedText: Hashable {
    let exact: [[Unicode.Scalar]]
    let tokens: [[Unicode.Scalar]]

    /// Whether nothing is left.
    var isEmpty: Bool { exact.allSatisfy(\.isEmpty) }
}
