import Foundation

/// A place in a row, with the sum of its logits.
package struct ScoredSpan: Sendable, Hashable {
    /// First and last token, counted from the row's start.
    package let tokens: ClosedRange<Int>
    /// Start logit plus end logit.
    package let logit: Float

    /// A span with its score.
    package init(tokens: ClosedRange<Int>, logit: Float) {
        self.tokens = tokens
        self.logit = logit
    }
}

/// How start and end of an answer are chosen.
package enum SpanDecoding: String, Sendable, CaseIterable {
    /// The best pair of start and end inside the text.
    case joint
    /// The tutorial's: the best start and the best end separately, over all tokens of the row. An end before its start,
    /// or a token outside the text, predicts no answer.
    case argmax
}

/// Finds the best spans of a row: start and end both in the text, the end not before the start, not too long.
package struct SpanDecoder: Sendable, Hashable {
    /// The most tokens of an answer; `argmax` has no limit.
    package var maxAnswerLength: Int
    /// How start and end are chosen.
    package var decoding = SpanDecoding.joint

    /// Answers of at most 30 tokens, as in transformers.
    package init(maxAnswerLength: Int = 30) {
        self.maxAnswerLength = max(1, maxAnswerLength)
    }

    /// The `count` best spans, best first; fewer only if the row has fewer. Every possible pair is considered.
    ///
    /// - Parameters:
    ///   - logits: start and end logit of each token of the row, alternating.
    ///   - context: the positions of the text's tokens in the row.
    package func best(_ count: Int, logits: ArraySlice<Float>, context: Range<Int>) -> [ScoredSpan] {
        guard count > 0 else { return [] }
        if decoding == .argmax {
            let (start, end) = Self.argmax(logits)
            guard start <= end, context.contains(start), context.contains(end) else { return [] }
            let logit = logits[logits.startIndex + 2 * start] + logits[logits.startIndex + 2 * end + 1]
            return [ScoredSpan(tokens: start...end, logit: logit)]
        }
        var best: [ScoredSpan] = []
        let base = logits.startIndex
        let highestEnd = context.reduce(-Float.infinity) { max($0, logits[base + 2 * $1 + 1]) }
        for start in context {
            let startLogit = logits[base + 2 * start]
            // Rounding keeps the order of sums: no end of this start can be among the best.
            if best.count == count, let worst = best.last, startLogit + highestEnd <= worst.logit { continue }
            for end in start..<(start + min(maxAnswerLength, context.upperBound - start)) {
                let logit = startLogit + logits[base + 2 * end + 1]
                if best.count == count, let worst = best.last, logit <= worst.logit { continue }
                if best.count == count { best.removeLast() }
                // Behind its equals, so that of equal spans the first one wins.
                let place = best.firstIndex { $0.logit < logit } ?? best.count
                best.insert(ScoredSpan(tokens: start...end, logit: logit), at: place)
            }
        }
        return best
    }
}

extension SpanDecoder {
    /// The first token with the highest start logit and the first with the highest end logit, over the whole row.
    ///
    /// - Parameter logits: start and end logit of each token of the row, alternating; at least one token.
    package static func argmax(_ logits: ArraySlice<Float>) -> (start: Int, end: Int) {
        let base = logits.startIndex
        var start = 0
        var end = 0
        for token in 1..<max(1, logits.count / 2) {
            if logits[base + 2 * token] > logits[base + 2 * start] { start = token }
            if logits[base + 2 * token + 1] > logits[base + 2 * end + 1] { end = token }
        }
        return (start, end)
    }
}

extension Float {
    /// e to the power of this number.
    var exponential: Float { exp(self) }
}
