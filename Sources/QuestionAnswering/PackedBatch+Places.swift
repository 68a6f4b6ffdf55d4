import Torch

extension PackedBatch {
    /// Whether a row has several right places, which `targets` does not hold.
    package var hasSeveralPlaces: Bool { spans.contains { $0.count > 1 } }

    /// The right starts and ends as marks, for `SoftSpanLabels`: 1 at the first and at the last token of each place
    /// that counts as a row's answer, 0 elsewhere, float32 [T, 2] on the CPU; the row's first token where it has none.
    package func places() throws(TorchError) -> Tensor {
        var marks = [Float](repeating: 0, count: 2 * tokenCount)
        var start = 0
        for (places, length) in zip(spans, lengths) {
            for place in places.isEmpty ? [0...0] : places {
                marks[2 * (start + place.lowerBound)] = 1
                marks[2 * (start + place.upperBound) + 1] = 1
            }
            start += length
        }
        return try Tensor.of(marks, shape: [tokenCount, 2])
    }
}
