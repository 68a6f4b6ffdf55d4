import SQuAD
import Tokenizers

/// The tutorial's way from an answer's characters to its tokens.
///
/// The answer is tokenised by itself; in the text it is replaced by as many mask tokens (`[MASK]`, `<mask>`) as it has
/// tokens; the changed text is tokenised, the masks are found in it, and the answer's own tokens are put back in their
/// place. Where the answer is not made of whole words of the text, its own tokens and those around it can differ from
/// the text's: "1990" in "1990s".
package struct MaskAlignment: Sendable {
    /// The tokenizer; it must have a mask token.
    package let tokenizer: Tokenizer

    /// An alignment with that tokenizer.
    package init(tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
    }

    /// A text with one answer found in it.
    package struct Aligned: Sendable, Hashable {
        /// The text's tokens, the answer's own in their place. Offsets are those of the unchanged text.
        package let text: TokenizedText
        /// The answer's tokens; nil if the masks were not all found again.
        package let span: ClosedRange<Int>?
    }

    /// The tokens of `text` with the answer at the UTF-8 range `answer` in them; nil if the answer has no tokens or the
    /// tokenizer no mask.
    package func align(_ answer: Range<Int>, in text: String) -> Aligned? {
        let own = tokenizer.tokenize(text.utf8Substring(answer))
        guard own.count > 0, let mask = tokenizer.maskID else { return nil }
        let before = text.utf8Substring(0..<answer.lowerBound)
        let after = text.utf8Substring(answer.upperBound..<text.utf8.count)
        let masks = Array(repeating: tokenizer.specialTokens.mask, count: own.count).joined(separator: " ")
        let changed = tokenizer.tokenize(before + masks + after)
        let place = answer.lowerBound..<(answer.lowerBound + masks.utf8.count)
        let found = changed.ids.indices.filter { index in
            // A mask may take the space before it as well.
            changed.ids[index] == mask && place.contains(Int(changed.offsets[index].upperBound) - 1)
        }
        guard let first = found.first, let last = found.last, found.count == own.count else {
            return Aligned(text: changed, span: nil)
        }
        let shift = Int32(answer.count - masks.utf8.count)
        var ids = changed.ids
        var offsets = changed.offsets
        for (index, position) in found.enumerated() {
            ids[position] = own.ids[index]
            let range = own.offsets[index]
            offsets[position] =
                (range.lowerBound + Int32(answer.lowerBound))..<(range.upperBound + Int32(answer.lowerBound))
        }
        for index in (last + 1)..<max(last + 1, offsets.count) {
            offsets[index] = (offsets[index].lowerBound + shift)..<(offsets[index].upperBound + shift)
        }
        return Aligned(text: TokenizedText(ids: ids, offsets: offsets), span: first...last)
    }
}

/// Where the two ways to find an answer's tokens differ.
package struct AlignmentDifference: Sendable, Hashable {
    /// The question's id.
    package let questionID: QuestionID
    /// The text's own tokens that the answer touches.
    package let byOffsets: [String]
    /// The tokens of the answer by itself; empty if the masks were not found again.
    package let byMask: [String]
    /// The reason for the difference.
    package let reason: String
}

extension MaskAlignment {
    /// Compares both ways on the first answer of each question; answers that are not in their text are left out.
    package func differences(_ examples: [Example]) -> [AlignmentDifference] {
        var result: [AlignmentDifference] = []
        var paragraph: (number: Int, tokens: TokenizedText, offsets: ScalarOffsets)?
        for example in examples {
            let current: (number: Int, tokens: TokenizedText, offsets: ScalarOffsets)
            if let paragraph, paragraph.number == example.paragraph {
                current = paragraph
            } else {
                current = (example.paragraph, tokenizer.tokenize(example.context), ScalarOffsets(example.context))
                paragraph = current
            }
            guard let answer = example.answers.first?.utf8Range(current.offsets),
                let span = SpanLabel.tokens(covering: answer, offsets: current.tokens.offsets)
            else { continue }
            let mask = align(answer, in: example.context)
            if let difference = compare(example, answer, current.tokens, span, mask) { result.append(difference) }
        }
        return result
    }

    private func compare(
        _ example: Example, _ answer: Range<Int>, _ text: TokenizedText, _ span: ClosedRange<Int>, _ mask: Aligned?
    ) -> AlignmentDifference? {
        let byOffsets = Array(text.ids[span])
        let byMask = mask.flatMap { aligned in aligned.span.map { Array(aligned.text.ids[$0]) } } ?? []
        if byMask == byOffsets, mask?.span == span { return nil }
        let touched = Int(text.offsets[span.lowerBound].lowerBound)..<Int(text.offsets[span.upperBound].upperBound)
        let reason =
            if byMask.isEmpty {
                "the masks are not found again"
            } else if touched.lowerBound < answer.lowerBound {
                "the answer begins inside a token"
            } else if touched.upperBound > answer.upperBound {
                "the answer ends inside a token"
            } else if byMask != byOffsets {
                "the answer alone is split differently than in its text"
            } else {
                "the text around the answer is split differently"
            }
        return AlignmentDifference(
            questionID: example.id, byOffsets: byOffsets.map(name), byMask: byMask.map(name), reason: reason)
    }

    private func name(_ id: Int32) -> String { tokenizer.vocabulary[id] ?? "\(id)" }
}

extension AnswerSpan {
    /// Where the answer stands in its text, in UTF-8 bytes; nil if it reaches out of it.
    func utf8Range(_ offsets: ScalarOffsets) -> Range<Int>? {
        guard start >= 0 else { return nil }
        let (end, overflow) = start.addingReportingOverflow(text.unicodeScalars.count)
        return overflow ? nil : offsets.utf8(scalars: start..<end)
    }
}
