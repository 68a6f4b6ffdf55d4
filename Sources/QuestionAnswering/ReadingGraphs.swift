import BERT
import Tokenizers
import Torch

/// A model's passes over rows as recorded graphs, one for each form of batch.
package final class ReadingGraphs {
    /// Tokens that one pass takes at most: few large passes, of almost the same form.
    static let tokenBudget = 65_536 - BatchForm.unit
    /// Graphs that are kept. A form's graph takes little besides the memory that all share.
    private static let limit = 32

    private let model: QuestionAnsweringModel
    private let tokenizer: Tokenizer
    private let device: Device
    private let graphs: GraphCache<BatchForm, Place>

    /// Where a form's batches and their logits lie.
    private struct Place {
        let batch: PlacedBatch
        let logits: Tensor
    }

    /// Nothing is recorded yet.
    package init(model: QuestionAnsweringModel, tokenizer: Tokenizer, device: Device) {
        (self.model, self.tokenizer, self.device) = (model, tokenizer, device)
        graphs = GraphCache(device: device, limit: Self.limit)
    }

    /// The number of graphs.
    package var count: Int { graphs.count }

    /// Queues a pass over rows, without waiting for the device: their logits.
    package func begin(_ rows: [Feature]) throws(TorchError) -> PendingLogits {
        do {
            return try read(rows)
        } catch {
            guard error.kind == .outOfMemory, try graphs.close() else { throw error }
            return try read(rows)
        }
    }

    private func read(_ rows: [Feature]) throws(TorchError) -> PendingLogits {
        try device.enterGraphStream()
        // Few numbers of rows: those that are missing have no tokens.
        let room = 1 << (Int.bitWidth - max(0, rows.count - 1).leadingZeroBitCount)
        let batch = try FormedBatch(
            rows, room: room, longest: model.config.longestRow, tokenizer: tokenizer, config: model.config)
        let place = try withoutGradients { () throws(TorchError) in
            try graphs.run(
                batch.form,
                make: { () throws(TorchError) in
                    Place(
                        batch: try PlacedBatch(batch.form, config: model.config, device: device),
                        logits: try Tensor.zeros([batch.form.tokens, 2], device: device))
                },
                fill: { place throws(TorchError) in try place.batch.fill(batch.numbers) },
                work: { place throws(TorchError) in try place.logits.assign(model(place.batch.input())) })
        }
        // The next batch of this form writes its logits to the same place.
        return PendingLogits(copy: try HostCopy(of: place.logits), tokenCount: batch.tokenCount)
    }
}
