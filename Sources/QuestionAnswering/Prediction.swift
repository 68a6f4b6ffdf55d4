/// A candidate answer inside one text.
package struct Candidate: Sendable, Hashable {
    /// Where it stands in the text, in UTF-8 bytes.
    package let range: Range<Int>
    /// Start logit plus end logit: compares candidates of one question.
    package let logit: Float
    /// The probability of the start token times that of the end token, among all tokens of the text.
    package let probability: Float

    /// A candidate that was computed before.
    package init(range: Range<Int>, logit: Float, probability: Float) {
        (self.range, self.logit, self.probability) = (range, logit, probability)
    }
}

/// What the model makes of one question.
package struct Prediction: Sendable, Hashable {
    /// The best places of the text, best first.
    package let candidates: [Candidate]
    /// How likely it is that the text has no answer, 0 to 1: the logistic function of how far the logits of `[CLS]` lie
    /// above those of the best candidate. With several windows the lowest of their `[CLS]` counts, as in transformers.
    package let noAnswerProbability: Double

    /// A prediction that was computed before.
    package init(candidates: [Candidate], noAnswerProbability: Double) {
        (self.candidates, self.noAnswerProbability) = (candidates, noAnswerProbability)
    }

    /// The best candidate; nil if there is none, or if the text having no answer is more likely than `threshold`.
    ///
    /// - Parameter threshold: nil always answers.
    package func answer(threshold: Double?) -> Candidate? {
        if let threshold, noAnswerProbability > threshold { return nil }
        return candidates.first
    }
}
