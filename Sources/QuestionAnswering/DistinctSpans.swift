extension SpanDecoder {
    /// The `count` best spans of a row that do not overlap, best first: each is the best of what the better ones leave.
    ///
    /// - Parameters:
    ///   - logits: start and end logit of each token of the row, alternating.
    ///   - context: the positions of the text's tokens in the row.
    func bestDistinct(_ count: Int, logits: ArraySlice<Float>, context: Range<Int>) -> [ScoredSpan] {
        var open: [(span: ScoredSpan, segment: Range<Int>)] = []
        func add(_ segment: Range<Int>) {
            guard let span = best(1, logits: logits, context: segment).first else { return }
            open.append((span, segment))
        }
        add(context)
        var found: [ScoredSpan] = []
        while found.count < count, let next = open.indices.max(by: { open[$0].span.logit < open[$1].span.logit }) {
            let (span, segment) = open.remove(at: next)
            found.append(span)
            add(segment.lowerBound..<span.tokens.lowerBound)
            add((span.tokens.upperBound + 1)..<segment.upperBound)
        }
        return found
    }
}
