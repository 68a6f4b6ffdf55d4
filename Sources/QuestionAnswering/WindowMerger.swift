/// Collects the windows of each example, which come one after another, and ranks them together.
package struct WindowMerger {
    /// How the rows that `add` takes are read.
    package let decoding: RowDecoding
    private let scoring: Scoring
    private var example: Int?
    private var readings: [RowReading] = []

    /// A merger that keeps `count` candidates of each example.
    package init(decoder: SpanDecoder, count: Int, scoring: Scoring = .tokenProbabilities) {
        decoding = RowDecoding(decoder: decoder, count: count, temperatures: scoring.temperatures)
        self.scoring = scoring
    }

    /// Takes the reading of a row.
    ///
    /// - Returns: the prediction for the previous example, if the row begins another one.
    package mutating func add(_ row: Feature, _ reading: RowReading) -> (example: Int, prediction: Prediction)? {
        let finished = example == row.example ? nil : finish()
        example = row.example
        readings.append(reading)
        return finished
    }

    /// The prediction for the last example; nil if there is none.
    package mutating func finish() -> (example: Int, prediction: Prediction)? {
        guard let example else { return nil }
        let ranked = RankedReadings([readings], count: decoding.count, scoring: scoring)
        (self.example, readings) = (nil, [])
        return (
            example,
            Prediction(
                candidates: ranked.candidates.map(\.candidate), noAnswerProbability: ranked.noAnswerProbability,
                logSums: scoring == .measuring ? ranked.logSums : [])
        )
    }
}
