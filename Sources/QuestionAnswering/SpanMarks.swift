import Torch

/// The right starts and ends of rows as marks, for `SoftSpanLabels`.
package enum SpanMarks {
    /// For each token of the rows two numbers: 1 at the first and at the last token of each place that counts as a
    /// row's answer, 0 elsewhere; the row's first token where it has none.
    ///
    /// - Parameters:
    ///   - spans: the places of each row; see `Feature.spans`.
    ///   - lengths: the tokens of each row.
    package static func of(_ spans: [[ClosedRange<Int>]], lengths: [Int]) -> [Float] {
        var marks = [Float](repeating: 0, count: 2 * lengths.reduce(0, +))
        var start = 0
        for (places, length) in zip(spans, lengths) {
            for place in places.isEmpty ? [0...0] : places {
                marks[2 * (start + place.lowerBound)] = 1
                marks[2 * (start + place.upperBound) + 1] = 1
            }
            start += length
        }
        return marks
    }
}

extension PackedBatch {
    /// Whether a row has several right places, which `targets` does not hold.
    package var hasSeveralPlaces: Bool { spans.contains { $0.count > 1 } }

    /// The marks of the rows, float32 [T, 2] on the CPU.
    package func places() throws(TorchError) -> Tensor {
        try Tensor.of(SpanMarks.of(spans, lengths: lengths), shape: [tokenCount, 2])
    }
}
