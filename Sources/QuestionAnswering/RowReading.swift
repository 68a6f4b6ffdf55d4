/// The model's reading of one row: the best places of its window, and the numbers for comparing them with other
/// windows. It takes a few hundred bytes for a row of any length, since logits are not kept.
package struct RowReading: Sendable {
    /// The best places, in UTF-8 bytes of the text, with the logits of their first and last token; best first.
    let spans: [(range: Range<Int>, start: Float, end: Float)]
    /// Over all tokens of the window.
    let starts: LogSumExp
    let ends: LogSumExp
    /// The sum of the logits of `[CLS]`.
    let nothing: Float
    /// Over all spans of the window, for each of the temperatures; see `SpanDecoder.logSum`.
    let logSums: [Double]

    /// - Parameters:
    ///   - logits: start and end logit of each token of the row, alternating.
    ///   - distinct: whether places that overlap count as one, the best.
    ///   - temperatures: those of `Scoring`.
    init(
        _ row: Feature, logits: ArraySlice<Float>, decoder: SpanDecoder, count: Int, distinct: Bool = false,
        temperatures: [Double] = []
    ) {
        let base = logits.startIndex
        let context = row.contextStart..<(row.contextStart + row.window.count)
        let best =
            distinct && count > 1
            ? decoder.bestDistinct(count, logits: logits, context: context)
            : decoder.best(count, logits: logits, context: context)
        spans = best.map { span in
            (
                row.textRange(span.tokens), logits[base + 2 * span.tokens.lowerBound],
                logits[base + 2 * span.tokens.upperBound + 1]
            )
        }
        var (starts, ends) = (LogSumExp(), LogSumExp())
        for token in context {
            starts.add(logits[base + 2 * token])
            ends.add(logits[base + 2 * token + 1])
        }
        (self.starts, self.ends) = (starts, ends)
        nothing = logits[base] + logits[base + 1]
        logSums = temperatures.map { decoder.logSum(logits: logits, context: context, temperature: $0) }
    }
}
