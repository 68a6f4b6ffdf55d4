import Tokenizers

/// One row of the model's input: a question and a window of its text.
///
/// The row is `[CLS] question [SEP] window [SEP]`, or what the tokenizer has instead. The tokens of the text are shared
/// by all its questions and windows, and the row's ids are put together only when a batch is made.
package struct Feature: Sendable {
    /// Which example the row belongs to.
    package let example: Int
    /// The tokens of the question.
    package let question: [Int32]
    /// The tokens of the whole text.
    package let context: TokenizedText
    /// Which of the text's tokens the row holds.
    package let window: Range<Int>
    /// First and last token, counted from the row's start, of each place that counts as the answer and is whole in the
    /// row; empty if there is none.
    package let spans: [ClosedRange<Int>]
    /// The special tokens around question and window.
    package let layout: PairLayout

    /// The first place that counts as the answer; nil if the row has no (whole) answer.
    package var span: ClosedRange<Int>? { spans.first }

    /// The number of tokens of the row, specials included.
    package var length: Int { question.count + window.count + layout.count }

    /// The position of the window's first token in the row.
    package var contextStart: Int { layout.secondStart(first: question.count) }

    /// The UTF-8 range of the text that the row's tokens `start ... end` cover; both must be tokens of the window.
    package func textRange(_ tokens: ClosedRange<Int>) -> Range<Int> {
        let shift = window.lowerBound - contextStart
        let first = context.offsets[tokens.lowerBound + shift]
        let last = context.offsets[tokens.upperBound + shift]
        return Int(first.lowerBound)..<max(Int(first.lowerBound), Int(last.upperBound))
    }

    /// Appends the row's ids and segments.
    func append(ids: inout [Int64], types: inout [Int64], tokenizer: Tokenizer) {
        tokenizer.template.append(question, context.ids[window], ids: &ids, types: &types)
    }
}

/// Finds the tokens that cover an answer.
package enum SpanLabel {
    /// The first and the last token that the UTF-8 range touches, as indices of `offsets`; nil if no token does.
    ///
    /// Offsets rise with the index, so this is two binary searches.
    package static func tokens(covering range: Range<Int>, offsets: [Range<Int32>]) -> ClosedRange<Int>? {
        guard !range.isEmpty else { return nil }
        let first = firstIndex(offsets) { Int($0.upperBound) > range.lowerBound }
        let end = firstIndex(offsets) { Int($0.lowerBound) >= range.upperBound }
        return first < end ? first...(end - 1) : nil
    }

    /// The first index whose offsets satisfy a condition that stays true once it is.
    private static func firstIndex(_ offsets: [Range<Int32>], where condition: (Range<Int32>) -> Bool) -> Int {
        var low = 0
        var high = offsets.count
        while low < high {
            let middle = (low + high) / 2
            if condition(offsets[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
