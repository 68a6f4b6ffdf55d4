import QuestionAnswering
import SQuAD
import Tokenizers

/// The tutorial's own scores, over tokens instead of words.
public struct TokenScores: Sendable, Hashable {
    /// The share of start and end tokens that are right, best over the acceptable answers of each question, 0 to 1.
    public var exactMatch: Double
    /// The mean overlap of predicted and acceptable tokens, best over the answers, 0 to 1.
    public var f1: Double
}

/// Turns predictions into answers and scores.
package enum Evaluation {
    /// The answers' texts by question id: empty if the text has no answer by the threshold, if no answer has that score
    /// (see `Prediction`), and for a question that left no room for its text.
    package static func texts(
        _ predictions: [Int: Prediction], of examples: [Example], threshold: Double?, minScore: Double? = nil
    ) -> [QuestionID: String] {
        var result: [QuestionID: String] = [:]
        for (index, example) in examples.enumerated() {
            result[example.id] =
                predictions[index]?.answer(threshold: threshold, minScore: minScore)
                .map { example.context.utf8Substring($0.range) } ?? ""
        }
        return result
    }

    /// How likely each question is to have no answer, in the order of the examples.
    package static func noAnswerProbabilities(
        _ predictions: [Int: Prediction], of examples: [Example]
    ) -> NoAnswerProbabilities {
        NoAnswerProbabilities(
            examples.enumerated().map { ($0.element.id, predictions[$0.offset]?.noAnswerProbability ?? 1) })
    }

    /// Compares the answers with the acceptable ones, token by token of each text. A question whose text has no answer
    /// is wholly right without one, and wholly wrong with one.
    package static func tokenScores(
        _ predictions: [Int: Prediction], of examples: [Example], tokenizer: Tokenizer, threshold: Double?,
        minScore: Double? = nil
    ) -> TokenScores {
        var points = 0
        var f1 = 0.0
        var text: (paragraph: Int, tokens: TokenizedText, offsets: ScalarOffsets)?
        for (index, example) in examples.enumerated() {
            guard let best = predictions[index]?.answer(threshold: threshold, minScore: minScore) else {
                points += example.isImpossible ? 2 : 0
                f1 += example.isImpossible ? 1 : 0
                continue
            }
            let current: (paragraph: Int, tokens: TokenizedText, offsets: ScalarOffsets)
            if let text, text.paragraph == example.paragraph {
                current = text
            } else {
                current = (example.paragraph, tokenizer.tokenize(example.context), ScalarOffsets(example.context))
                text = current
            }
            guard let predicted = SpanLabel.tokens(covering: best.range, offsets: current.tokens.offsets) else {
                continue
            }
            let accepted = example.answers.compactMap { answer -> ClosedRange<Int>? in
                let scalars = answer.start..<(answer.start + answer.text.unicodeScalars.count)
                guard let range = current.offsets.utf8(scalars: scalars) else { return nil }
                return SpanLabel.tokens(
                    covering: Int(range.lowerBound)..<Int(range.upperBound), offsets: current.tokens.offsets)
            }
            points += accepted.map { Self.points(predicted, $0) }.max() ?? 0
            f1 += accepted.map { overlap(predicted, $0) }.max() ?? 0
        }
        let count = Double(max(1, examples.count))
        return TokenScores(exactMatch: Double(points) / (2 * count), f1: f1 / count)
    }

    /// One point for the right start, one for the right end.
    package static func points(_ predicted: ClosedRange<Int>, _ answer: ClosedRange<Int>) -> Int {
        (predicted.lowerBound == answer.lowerBound ? 1 : 0) + (predicted.upperBound == answer.upperBound ? 1 : 0)
    }

    /// The harmonic mean of precision and recall over token positions, 0 to 1.
    package static func overlap(_ predicted: ClosedRange<Int>, _ answer: ClosedRange<Int>) -> Double {
        guard predicted.overlaps(answer) else { return 0 }
        let shared = Double(predicted.clamped(to: answer).count)
        let precision = shared / Double(predicted.count)
        let recall = shared / Double(answer.count)
        return 2 * precision * recall / (precision + recall)
    }
}
