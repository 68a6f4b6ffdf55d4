import BERT
import Torch
import Tokenizers

/// Rows put together for one pass through the model.
package struct PackedBatch {
    /// What the model reads.
    package let input: EncoderInput
    /// First and last token of each row's answer, int64 [B, 2]; the first token (0, 0) for rows without an answer.
    package let targets: Tensor
    /// First and last token of each place that counts as a row's answer; see `Feature.spans`.
    package let spans: [[ClosedRange<Int>]]
    /// The tokens of each row.
    package let lengths: [Int]
    /// The number of rows.
    package let rowCount: Int
    /// The number of tokens; none of them is padding.
    package let tokenCount: Int

    /// Packs rows in the order given.
    ///
    /// - Parameters:
    ///   - keys: names the rows for their dropout masks; their numbers in the dataset.
    ///   - config: that of the model which is to read them: it numbers the positions.
    package init(
        _ rows: [Feature], keys: [Int64]? = nil, tokenizer: Tokenizer, config: EncoderConfig, device: Device
    ) throws(TorchError) {
        var ids: [Int64] = []
        var types: [Int64] = []
        var targets: [Int64] = []
        let total = rows.reduce(0) { $0 + $1.length }
        ids.reserveCapacity(total)
        types.reserveCapacity(total)
        for row in rows {
            row.append(ids: &ids, types: &types, tokenizer: tokenizer)
            targets.append(Int64(row.span?.lowerBound ?? 0))
            targets.append(Int64(row.span?.upperBound ?? 0))
        }
        spans = rows.map(\.spans)
        lengths = rows.map(\.length)
        input = try EncoderInput(
            ids: ids, typeIDs: types, lengths: lengths, rowKeys: keys, numbering: config.positions,
            device: device)
        self.targets = try Tensor.of(targets, shape: [rows.count, 2])
        rowCount = rows.count
        tokenCount = total
    }
}

/// Divides rows into batches by their tokens.
package enum BatchPlan {
    /// Consecutive rows, as many as stay within the budget, at least one each.
    package static func byTokens(_ features: [Feature], budget: Int) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        var tokens = 0
        for (index, feature) in features.enumerated() {
            if index > start, tokens + feature.length > budget {
                result.append(start..<index)
                start = index
                tokens = 0
            }
            tokens += feature.length
        }
        if start < features.count { result.append(start..<features.count) }
        return result
    }
}
