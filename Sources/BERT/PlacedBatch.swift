import Torch

/// A batch whose numbers lie at one place on the device, where those of the next batch of its form will lie.
package struct PlacedBatch {
    /// The batch's form.
    package let form: BatchForm
    private let numbers: Tensor
    /// The labels where they are not places, float32 [arrays * T * 2].
    private let soft: Tensor?
    private let labelForm: LabelForm
    private let config: EncoderConfig
    private let device: Device

    /// Room for batches of a form, filled with padding.
    package init(
        _ form: BatchForm, labels: LabelForm = .places, config: EncoderConfig, device: Device
    ) throws(TorchError) {
        (self.form, labelForm, self.config, self.device) = (form, labels, config, device)
        numbers = try Tensor.zeros([form.numberCount], dtype: .int64, device: device)
        let count = labels.arrays * 2 * form.tokens
        soft = count > 0 ? try Tensor.zeros([count], device: device) : nil
    }

    /// Puts a batch there, whose numbers are on the CPU; nothing waits for the device.
    ///
    /// - Parameter labels: an array for each of the form's, two numbers for each token of the rows; the filler has
    ///   none.
    package func fill(_ batch: Tensor, labels: [[Float]] = []) throws(TorchError) {
        try numbers.fill(batch)
        guard let soft else { return }
        precondition(labels.count == labelForm.arrays, "the labels are of another form")
        var all: [Float] = []
        all.reserveCapacity(soft.count)
        for array in labels {
            precondition(array.count <= 2 * form.tokens, "the labels are of more tokens than the form has")
            all += array
            all += [Float](repeating: 0, count: 2 * form.tokens - array.count)
        }
        try soft.fill(Tensor.of(all))
    }

    /// What the model reads, the filler's row included.
    package func input() throws(TorchError) -> EncoderInput {
        let tokens = form.tokens
        func ids(_ place: Int, _ count: Int) throws(TorchError) -> Tensor {
            try numbers.trustedIDs((place * tokens)..<((place + 1) * tokens), highest: max(0, count - 1))
        }
        let starts = try numbers.slice(dim: 0, (3 * tokens)..<(3 * tokens + form.rows + 2)).to(.int32)
        let rows = try PackedRows(
            count: form.rows + 1, tokenCount: tokens, longest: form.longest, deviceStarts: starts)
        return EncoderInput(
            ids: try ids(0, config.vocabSize), typeIDs: try ids(1, config.typeVocabSize),
            positions: try ids(2, config.maxPositionEmbeddings), numbering: config.positions, rows: rows)
    }

    /// First and last token of each row's answer, int64 [B, 2].
    package func targets() throws(TorchError) -> Tensor {
        let start = 3 * form.tokens + form.rows + 2
        return try numbers.slice(dim: 0, start..<form.numberCount).view(rows: form.rows)
    }

    /// The labels where they are not places: an array for each of the form's, float32 [T, 2].
    package func labels() throws(TorchError) -> [Tensor] {
        guard let soft else { return [] }
        let count = 2 * form.tokens
        var result: [Tensor] = []
        for array in 0..<labelForm.arrays {
            result.append(try soft.slice(dim: 0, (array * count)..<((array + 1) * count)).view(rows: form.tokens))
        }
        return result
    }
}
