import BERT
import Tokenizers
import Torch

/// Rows put together for one pass whose work is a recorded graph: their numbers on the host, for a `PlacedBatch`.
package struct FormedBatch {
    /// The shape that the rows were brought to.
    package let form: BatchForm
    /// The numbers, int64 on the CPU.
    package let numbers: Tensor
    /// The tokens of the rows, without the filler.
    package let tokenCount: Int

    /// Packs rows in the order given.
    ///
    /// - Parameters:
    ///   - room: the rows that the form has; at least as many as are given.
    ///   - longest: the most tokens that any row of this form has.
    /// - Throws: `TorchError` for ids that the model has no vectors for: a GPU would end the process.
    package init(
        _ rows: [Feature], room: Int, longest: Int, tokenizer: Tokenizer, config: EncoderConfig
    ) throws(TorchError) {
        var (ids, types, targets): ([Int64], [Int64], [Int64]) = ([], [], [])
        for row in rows {
            row.append(ids: &ids, types: &types, tokenizer: tokenizer)
            targets.append(Int64(row.span?.lowerBound ?? 0))
            targets.append(Int64(row.span?.upperBound ?? 0))
        }
        let lengths = rows.map(\.length)
        try Self.check(ids, below: config.vocabSize, "id")
        // A family without segments, or with one, does not look them up.
        if config.typeVocabSize > 1 { try Self.check(types, below: config.typeVocabSize, "segment") }
        if let most = lengths.max(), most > min(longest, config.longestRow) {
            throw Self.refused("a row has \(most) tokens, more than \(min(longest, config.longestRow))")
        }
        form = BatchForm(tokens: ids.count, rows: room, longest: longest)
        numbers = try Tensor.of(
            form.numbers(
                ids: ids, typeIDs: types, lengths: lengths, targets: targets, numbering: config.positions))
        tokenCount = ids.count
    }

    private static func check(_ numbers: [Int64], below limit: Int, _ what: String) throws(TorchError) {
        guard let wrong = numbers.first(where: { !(0..<Int64(limit)).contains($0) }) else { return }
        throw refused("the \(what) \(wrong) is outside the model's table of \(limit)")
    }

    private static func refused(_ message: String) -> TorchError {
        TorchError(kind: .failed, operation: "FormedBatch", operands: "", message: message)
    }
}
