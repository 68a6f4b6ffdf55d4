import QuestionAnswering
import BERT
import SQuAD
import Torch
import Tokenizers

/// The tutorial's own scoring: the argmax of start and of end over all tokens of the row, points for tokens, and no
/// score for rows whose answer is cut.
///
/// It hides two things: rows that are left out cost nothing, and a start in the question costs no more than one in the
/// wrong sentence. For that reason the official scores are printed with it.
package struct TutorialScores: Sendable, Hashable {
    /// Rows that were scored.
    package var rows = 0
    /// Questions left out because one of their answers is cut.
    package var dropped = 0
    /// Points: 0, 1 or 2 a row for the right start and the right end, best over the answers.
    package var tokenCorrect = 0
    /// The sum over rows of the best token overlap.
    package var overlapSum = 0.0

    /// The points as a share of all possible points, 0 to 1.
    package var exactMatch: Double { rows == 0 ? 0 : Double(tokenCorrect) / Double(2 * rows) }
    /// The mean token overlap, 0 to 1.
    package var f1: Double { rows == 0 ? 0 : overlapSum / Double(rows) }

    /// No rows yet.
    package init() {}

    /// Adds one row.
    ///
    /// - Parameters:
    ///   - start, end: the predicted tokens.
    ///   - answers: the acceptable ranges of tokens.
    package mutating func add(start: Int, end: Int, answers: [ClosedRange<Int>]) {
        rows += 1
        tokenCorrect +=
            answers.map { (start == $0.lowerBound ? 1 : 0) + (end == $0.upperBound ? 1 : 0) }.max() ?? 0
        // An end before its start predicts nothing.
        if start <= end { overlapSum += answers.map { Evaluation.overlap(start...end, $0) }.max() ?? 0 }
    }
}

extension Predictor {
    /// Scores a model as the tutorial does.
    ///
    /// - Parameters:
    ///   - options: the length; cut, alignment and what is dropped are the tutorial's.
    ///   - progress: called after each pass with the number of rows done and the number of all.
    /// - Returns: the scores, and the text of each example's prediction for the official ones; none for examples that
    ///   were dropped or predictions outside the text.
    package func tutorialScores(
        _ examples: [Example], options: FeatureOptions, progress: (Int, Int) throws -> Void = { _, _ in }
    ) throws -> (scores: TutorialScores, texts: [QuestionID: String]) {
        var options = options
        (options.truncation, options.alignment, options.dropsLostAnswers) = (.longestFirst, .mask, true)
        let builder = FeatureBuilder(tokenizer: tokenizer, options: options)
        let set = builder.build(examples, labelled: true)
        var scores = TutorialScores()
        scores.dropped = set.dropped
        var texts = Dictionary(examples.map { ($0.id, "") }) { first, _ in first }
        try forEachRow(set.features, progress: { try progress($0, set.features.count) }) { row, logits in
            let example = examples[row.example]
            let (start, end) = SpanDecoder.argmax(logits)
            scores.add(start: start, end: end, answers: builder.spans(of: example, in: row))
            let context = row.contextStart..<(row.contextStart + row.window.count)
            if start <= end, context.contains(start), context.contains(end) {
                texts[example.id] = example.context.utf8Substring(row.textRange(start...end))
            }
        }
        return (scores, texts)
    }
}

extension FeatureBuilder {
    /// The positions in a row of all of an example's answers.
    fileprivate func spans(of example: Example, in row: Feature) -> [ClosedRange<Int>] {
        let tokens = tokenizer.tokenize(example.context)
        let offsets = ScalarOffsets(example.context)
        let shift = row.contextStart - row.window.lowerBound
        return example.answers.compactMap { answer in
            align(answer, of: example, tokens: tokens, offsets: offsets).span.map {
                ($0.lowerBound + shift)...($0.upperBound + shift)
            }
        }
    }
}
