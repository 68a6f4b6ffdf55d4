/// How the logits of a row become its reading.
package struct RowDecoding: Sendable {
    let decoder: SpanDecoder
    let count: Int
    let temperatures: [Double]

    /// What the model makes of a row.
    ///
    /// - Parameter logits: start and end logit of each token of the row, alternating.
    package func read(_ row: Feature, logits: ArraySlice<Float>) -> RowReading {
        RowReading(row, logits: logits, decoder: decoder, count: count, temperatures: temperatures)
    }
}
