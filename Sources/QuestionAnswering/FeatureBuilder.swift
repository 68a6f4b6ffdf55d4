import Dispatch
import SQuAD
import Synchronization
import WordPiece

/// How rows are cut out of questions and texts.
public struct FeatureOptions: Sendable, Hashable {
    /// Tokens a row may have, specials included.
    public var maxLength: Int
    /// Tokens that two neighbouring windows of one text share; nil cuts the end of a text that is too long, as
    /// `only_second` truncation does.
    public var docStride: Int?

    /// Rows of at most `maxLength` tokens.
    public init(maxLength: Int = 384, docStride: Int? = nil) {
        self.maxLength = maxLength
        self.docStride = docStride
    }

    /// Checks the options against each other and against the model's positions.
    public func validate(maxPositions: Int) throws(FeatureError) {
        guard maxLength >= 8 else {
            throw FeatureError("--max-length \(maxLength) leaves no room for a question and a text; use 8 or more")
        }
        guard maxLength <= maxPositions else {
            throw FeatureError("--max-length \(maxLength) is more than the model's \(maxPositions) positions")
        }
        if let docStride, docStride < 0 || docStride >= maxLength - 3 {
            throw FeatureError(
                "--doc-stride \(docStride) must be at least 0 and below the window, --max-length \(maxLength) less 3 "
                    + "special tokens; otherwise tokens would be skipped")
        }
    }
}

/// Options or input that no row can be made of.
public struct FeatureError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, and what to do.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The rows made of a dataset, and what had to be left out.
public struct FeatureSet: Sendable {
    /// Rows in the order of the examples.
    public internal(set) var features: [Feature] = []
    /// Examples whose answer is not (whole) in any of their rows: cut off at `maxLength`.
    public internal(set) var answerLost = 0
    /// Examples without a row: the question fills the row by itself.
    public internal(set) var questionTooLong: [Int] = []
    /// Examples whose text was cut or windowed.
    public internal(set) var long = 0
}

/// Turns examples into rows, each text tokenised once, on all cores.
public struct FeatureBuilder: Sendable {
    /// The model's tokenizer.
    public let tokenizer: Tokenizer
    /// How to cut.
    public let options: FeatureOptions

    /// A builder with the given tokenizer.
    public init(tokenizer: Tokenizer, options: FeatureOptions) {
        self.tokenizer = tokenizer
        self.options = options
    }

    /// Rows for all examples, with span labels if `labelled`.
    ///
    /// Answers' offsets must have been checked before (`Dataset.problems`); an answer beyond the text counts as lost.
    public func build(_ examples: [Example], labelled: Bool) -> FeatureSet {
        let groups = Self.paragraphs(examples)
        let parts = Mutex([FeatureSet?](repeating: nil, count: groups.count))
        // Small batches of paragraphs keep the lock out of the way.
        let grain = 16
        DispatchQueue.concurrentPerform(iterations: (groups.count + grain - 1) / grain) { batch in
            for group in (batch * grain)..<min((batch + 1) * grain, groups.count) {
                let part = build(paragraph: groups[group], of: examples, labelled: labelled)
                parts.withLock { $0[group] = part }
            }
        }
        var result = FeatureSet()
        for case let part? in parts.withLock({ $0 }) {
            result.features += part.features
            result.answerLost += part.answerLost
            result.questionTooLong += part.questionTooLong
            result.long += part.long
        }
        return result
    }

    /// Rows for one question about a text that is already tokenised; empty if the question leaves no room.
    public func rows(
        example: Int, question: [Int32], context: TokenizedText, answer: Range<Int>?
    ) -> [Feature] {
        let room = options.maxLength - 3 - question.count
        guard room >= 1 else { return [] }
        let span = answer.flatMap { SpanLabel.tokens(covering: $0, offsets: context.offsets) }
        return windows(tokens: context.ids.count, room: room).map { window in
            var label: ClosedRange<Int>?
            if let span, span.lowerBound >= window.lowerBound, span.upperBound < window.upperBound {
                let shift = question.count + 2 - window.lowerBound
                label = (span.lowerBound + shift)...(span.upperBound + shift)
            }
            return Feature(example: example, question: question, context: context, window: window, span: label)
        }
    }

    private func windows(tokens: Int, room: Int) -> [Range<Int>] {
        guard let docStride = options.docStride, tokens > room else { return [0..<min(tokens, room)] }
        // A long question narrows the window; the step stays positive, so that every token is covered.
        let step = max(1, room - docStride)
        var result: [Range<Int>] = []
        var start = 0
        while true {
            let end = min(start + room, tokens)
            result.append(start..<end)
            if end == tokens { return result }
            start += step
        }
    }

    private func build(paragraph: Range<Int>, of examples: [Example], labelled: Bool) -> FeatureSet {
        var result = FeatureSet()
        let text = examples[paragraph.lowerBound].context
        let context = tokenizer.tokenize(text)
        let offsets = labelled ? ScalarOffsets(text) : nil
        for index in paragraph {
            let example = examples[index]
            let question = tokenizer.tokenize(example.question.trimmingWhitespace()).ids
            var answer: Range<Int>?
            if let offsets, let first = example.answers.first {
                let scalars = first.start..<(first.start + first.text.unicodeScalars.count)
                answer = offsets.utf8(scalars: scalars).map { Int($0.lowerBound)..<Int($0.upperBound) }
            }
            let rows = rows(example: index, question: question, context: context, answer: answer)
            if rows.isEmpty { result.questionTooLong.append(index) }
            if rows.count > 1 || (rows.first.map { $0.window.count < context.ids.count } ?? false) { result.long += 1 }
            if labelled, !rows.isEmpty, rows.allSatisfy({ $0.span == nil }) { result.answerLost += 1 }
            result.features += rows
        }
        return result
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
