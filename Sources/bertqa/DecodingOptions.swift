import ArgumentParser
import QuestionAnswering
import SQuAD

/// How answers are chosen from a model's scores.
struct DecodingOptions: ParsableArguments {
    @Option(help: "The most tokens of an answer. (default: 30)")
    var maxAnswerLength: Int?

    /// No model reads a window of more tokens.
    private static let limit = 65_536

    /// The most tokens that an answer may have.
    var longestAnswer: Int { maxAnswerLength ?? SpanDecoder().maxAnswerLength }

    /// Chooses answers of that length.
    func decoder(_ decoding: SpanDecoding) -> SpanDecoder {
        var decoder = SpanDecoder(maxAnswerLength: longestAnswer)
        decoder.decoding = decoding
        return decoder
    }

    func validate() throws {
        if let maxAnswerLength, !(1...Self.limit).contains(maxAnswerLength) {
            throw ValidationError("--max-answer-length \(maxAnswerLength) must be from 1 to \(Self.limit)")
        }
    }
}

/// How answers are scored.
struct MetricOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The rules that score answers: squad (words, English articles), mlqa (by --language) or cmrc (Chinese). "
                + "(default: squad, or mlqa with --language)", valueName: "metric"))
    var metric: ScoringRules.Metric?

    @Option(
        help: ArgumentHelp(
            "The language of the answers: \(ScoringRules.languages.joined(separator: ", ")).", valueName: "language"))
    var language: String?

    func validate() throws { _ = try rules() }

    /// The rules that were chosen.
    func rules() throws -> ScoringRules {
        switch (metric, language) {
        case (nil, nil), (.squad, nil): return .squad
        case (.squad, _?):
            throw ValidationError("--metric squad does not take a language; omit --language, or use mlqa")
        case (.cmrc, nil), (.cmrc, "zh"): return .cmrc
        case (.cmrc, _?): throw ValidationError("--metric cmrc is for Chinese; omit --language, or use mlqa")
        case (.mlqa, nil):
            throw ValidationError(
                "--metric mlqa needs --language, one of \(ScoringRules.languages.joined(separator: ", "))")
        case (_, let language?):
            guard let rules = ScoringRules.mlqa(language.lowercased()) else {
                throw ValidationError(
                    "--language \(language) must be one of \(ScoringRules.languages.joined(separator: ", "))")
            }
            return rules
        }
    }
}

extension ScoringRules.Metric: ExpressibleByArgument {}
