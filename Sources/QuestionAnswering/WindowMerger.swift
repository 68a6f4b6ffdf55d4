/// Collects the windows of each example, which come one after another, and ranks them together.
package struct WindowMerger {
    private let decoder: SpanDecoder
    private let count: Int
    private let scoring: Scoring
    private var example: Int?
    private var readings: [RowReading] = []

    /// A merger that keeps `count` candidates of each example.
    package init(decoder: SpanDecoder, count: Int, scoring: Scoring = .tokenProbabilities) {
        (self.decoder, self.count, self.scoring) = (decoder, count, scoring)
    }

    /// Takes the logits that the model computed for a row.
    ///
    /// - Parameter logits: start and end logit of each token of the row, alternating.
    /// - Returns: the prediction for the previous example, if the row begins another one.
    package mutating func add(
        _ row: Feature, logits: ArraySlice<Float>
    ) -> (example: Int, prediction: Prediction)? {
        let finished = example == row.example ? nil : finish()
        example = row.example
        readings.append(
            RowReading(row, logits: logits, decoder: decoder, count: count, temperatures: scoring.temperatures))
        return finished
    }

    /// The prediction for the last example; nil if there is none.
    package mutating func finish() -> (example: Int, prediction: Prediction)? {
        guard let example else { return nil }
        let ranked = RankedReadings([readings], count: count, scoring: scoring)
        (self.example, readings) = (nil, [])
        return (
            example,
            Prediction(
                candidates: ranked.candidates.map(\.candidate), noAnswerProbability: ranked.noAnswerProbability,
                logSums: scoring == .measuring ? ranked.logSums : [])
        )
    }
}
