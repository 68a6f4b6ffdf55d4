import SQuAD
import Tokenizers

/// The rows made of a dataset, and what had to be left out.
package struct FeatureSet: Sendable {
    /// Rows in the order of the examples.
    package internal(set) var features: [Feature] = []
    /// Examples whose answer is not (whole) in any of their rows: cut off at `maxLength`.
    package internal(set) var answerLost = 0
    /// Examples left out because one of their answers is cut; only if the options say so.
    package internal(set) var dropped = 0
    /// Examples without a row: the question fills the row by itself.
    package internal(set) var questionTooLong: [Int] = []
    /// Examples whose text was cut or windowed.
    package internal(set) var long = 0

    /// No rows.
    package init() {}

    /// Adds those of other examples.
    package mutating func append(_ other: FeatureSet) {
        features += other.features
        answerLost += other.answerLost
        dropped += other.dropped
        questionTooLong += other.questionTooLong
        long += other.long
    }
}

/// Turns examples into rows, each text tokenised once, on all cores.
package struct FeatureBuilder: Sendable {
    /// The model's tokenizer.
    package let tokenizer: Tokenizer
    /// How to cut.
    package let options: FeatureOptions

    /// A builder with the given tokenizer.
    package init(tokenizer: Tokenizer, options: FeatureOptions) {
        self.tokenizer = tokenizer
        self.options = options
    }

    /// Rows for all examples, with span labels if `labelled`.
    ///
    /// Answers' offsets must have been checked before (`Dataset.problems`); an answer beyond the text counts as lost.
    ///
    /// - Parameters:
    ///   - allAnswers: whether every answer of an example is a label, instead of only the first; for alignment by
    ///     offsets, which does not change the text.
    ///   - base: the number of the first example, if they are a part of a dataset.
    package func build(
        _ examples: [Example], labelled: Bool, allAnswers: Bool = false, from base: Int = 0
    ) -> FeatureSet {
        let groups = Self.paragraphs(examples)
        let parts = onAllCores(groups.count, grain: 16) { group in
            build(paragraph: groups[group], of: examples, labelled: labelled, allAnswers: allAnswers, from: base)
        }
        var result = FeatureSet()
        for part in parts { result.append(part) }
        return result
    }

    /// Rows for one question about a text that is already tokenised; empty if the question leaves no room.
    ///
    /// - Parameter spans: the answers' tokens among those of the text.
    package func rows(
        example: Int, question: [Int32], context: TokenizedText, spans: [ClosedRange<Int>]
    ) -> [Feature] {
        let layout = tokenizer.template.layout
        let cut = options.cut(question: question.count, text: context.ids.count, specials: layout.count)
        let question = cut.question < question.count ? Array(question.prefix(cut.question)) : question
        return cut.windows.map { window in
            let shift = layout.secondStart(first: question.count) - window.lowerBound
            let whole = spans.filter { $0.lowerBound >= window.lowerBound && $0.upperBound < window.upperBound }
            return Feature(
                example: example, question: question, context: context, window: window,
                spans: whole.map { ($0.lowerBound + shift)...($0.upperBound + shift) }, layout: layout)
        }
    }

    /// The tokens of an example's text with one of its answers found in them, by the alignment of the options.
    ///
    /// - Parameters:
    ///   - tokens: the tokens of the unchanged text.
    ///   - offsets: of the same text.
    package func align(
        _ answer: AnswerSpan, of example: Example, tokens: TokenizedText, offsets: ScalarOffsets
    ) -> (text: TokenizedText, span: ClosedRange<Int>?) {
        guard let range = answer.utf8Range(offsets) else { return (tokens, nil) }
        switch options.alignment {
        case .offsets: return (tokens, SpanLabel.tokens(covering: range, offsets: tokens.offsets))
        case .mask:
            guard let aligned = MaskAlignment(tokenizer: tokenizer).align(range, in: example.context) else {
                return (tokens, nil)
            }
            return (aligned.text, aligned.span)
        }
    }

    private func build(
        paragraph: Range<Int>, of examples: [Example], labelled: Bool, allAnswers: Bool, from base: Int
    ) -> FeatureSet {
        var result = FeatureSet()
        let text = examples[paragraph.lowerBound].context
        let tokens = tokenizer.tokenize(text)
        let offsets = labelled ? ScalarOffsets(text) : nil
        for index in paragraph {
            let example = examples[index]
            let question = tokenizer.tokenize(example.question.trimmingWhitespace()).ids
            var aligned: [(text: TokenizedText, span: ClosedRange<Int>?)] = []
            if let offsets {
                let wantsAll = allAnswers || options.dropsLostAnswers
                let answers = wantsAll ? example.answers[...] : example.answers.prefix(1)
                aligned = answers.map { align($0, of: example, tokens: tokens, offsets: offsets) }
            }
            if options.dropsLostAnswers, isLost(aligned, question: question.count) {
                result.dropped += 1
                continue
            }
            // Of several answers the tutorial's loop leaves the last one's text; elsewhere there is only the first, or
            // all of them in one text.
            let context = aligned.last?.text ?? tokens
            let spans = (allAnswers ? aligned : aligned.suffix(1)).compactMap(\.span)
            let rows = rows(example: base + index, question: question, context: context, spans: spans)
            if rows.isEmpty { result.questionTooLong.append(base + index) }
            if rows.count > 1 || (rows.first.map { $0.window.count < context.ids.count } ?? false) { result.long += 1 }
            if labelled, !example.isImpossible, !rows.isEmpty, rows.allSatisfy({ $0.span == nil }) {
                result.answerLost += 1
            }
            result.features += rows
        }
        return result
    }

    /// Whether one of an example's answers is not whole in any of its windows.
    private func isLost(_ aligned: [(text: TokenizedText, span: ClosedRange<Int>?)], question: Int) -> Bool {
        aligned.contains { text, span in
            guard let span else { return true }
            let cut = options.cut(question: question, text: text.count, specials: tokenizer.template.pairCount)
            return !cut.windows.contains { window in
                window.contains(span.lowerBound) && window.contains(span.upperBound)
            }
        }
    }

    /// The ranges of examples that share a text.
    private static func paragraphs(_ examples: [Example]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        for index in examples.indices
        where index + 1 == examples.count
            || examples[index + 1].paragraph != examples[index].paragraph
        {
            result.append(start..<(index + 1))
            start = index + 1
        }
        return result
    }
}

extension String {
    /// Without white space at both ends, as the field's scripts pass questions.
    func trimmingWhitespace() -> String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
