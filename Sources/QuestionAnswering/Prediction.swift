/// A candidate answer inside one text.
package struct Candidate: Sendable, Hashable {
    /// Where it stands in the text, in UTF-8 bytes.
    package let range: Range<Int>
    /// Start logit plus end logit: compares candidates of one question.
    package let logit: Float
    /// Its score, by the `Scoring` it was made with: the probability that it is right, or the probability of the start
    /// token times that of the end token, among all tokens of the text.
    package let probability: Float

    /// A candidate that was computed before.
    package init(range: Range<Int>, logit: Float, probability: Float) {
        (self.range, self.logit, self.probability) = (range, logit, probability)
    }
}

/// The model's prediction for one question.
package struct Prediction: Sendable, Hashable {
    /// The best places of the text, best first.
    package let candidates: [Candidate]
    /// How likely it is that the text has no answer, 0 to 1: the logistic function of how far the logits of `[CLS]` lie
    /// above those of the best candidate. With several windows the lowest of their `[CLS]` counts, as in transformers.
    ///
    /// For a calibrated model, its calibration of that number.
    package let noAnswerProbability: Double
    /// The numbers for fitting a calibration, if they are measured: see `RowReading.logSums`.
    package let logSums: [Double]

    /// A prediction that was computed before.
    package init(candidates: [Candidate], noAnswerProbability: Double, logSums: [Double] = []) {
        (self.candidates, self.noAnswerProbability) = (candidates, noAnswerProbability)
        self.logSums = logSums
    }

    /// The best candidate; nil if there is none, if the text having no answer is more likely than `threshold`, or if
    /// its score is below `minScore`.
    ///
    /// - Parameter threshold: nil always answers.
    package func answer(threshold: Double?, minScore: Double? = nil) -> Candidate? {
        if let threshold, noAnswerProbability > threshold { return nil }
        guard let best = candidates.first, Double(best.probability) >= minScore ?? 0 else { return nil }
        return best
    }
}
