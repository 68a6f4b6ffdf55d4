import BERT
import Foundation
import QuestionAnswering
import Synchronization
import Torch
import Tokenizers

/// Packs the rows of the next pass, and copies them to the device, on a thread of its own while this pass is computed.
final class BatchPreparer {
    private let rows: [Feature]
    private let tokenizer: Tokenizer
    private let config: EncoderConfig
    private let device: Device
    private let queue = DispatchQueue(label: "bertqa.batches")
    private let slot = Slot()
    /// The rows that are being packed; nil if nothing is.
    private var prepared: [Int]?

    /// Where the queue leaves a batch.
    private final class Slot: Sendable {
        let batch = Mutex<Result<PackedBatch, TorchError>?>(nil)
        let ready = DispatchSemaphore(value: 0)
    }

    init(rows: [Feature], for loaded: LoadedModel, device: Device) {
        (self.rows, self.device) = (rows, device)
        (tokenizer, config) = (loaded.tokenizer, loaded.model.config)
    }

    /// The batch of the rows with these numbers: the one that was prepared, or else one that is made now.
    func batch(_ numbers: [Int]) throws(TorchError) -> PackedBatch {
        if let prepared {
            self.prepared = nil
            slot.ready.wait()
            let result = slot.batch.withLock { batch in
                defer { batch = nil }
                return batch
            }
            if prepared == numbers, let result { return try result.get() }
        }
        return try Self.packed(numbers, rows, tokenizer, config, device)
    }

    /// Starts to pack rows that `batch` will be asked for next.
    func prepare(_ numbers: [Int]) {
        guard prepared == nil, !numbers.isEmpty else { return }
        prepared = numbers
        queue.async { [slot, rows, tokenizer, config, device] in
            slot.batch.withLock { batch in
                batch = Result { () throws(TorchError) in try Self.packed(numbers, rows, tokenizer, config, device) }
            }
            slot.ready.signal()
        }
    }

    private static func packed(
        _ numbers: [Int], _ rows: [Feature], _ tokenizer: Tokenizer, _ config: EncoderConfig, _ device: Device
    ) throws(TorchError) -> PackedBatch {
        try PackedBatch(
            numbers.map { rows[$0] }, keys: numbers.map(Int64.init), tokenizer: tokenizer, config: config,
            device: device)
    }

    deinit {
        // A batch that is still being packed ends here, not after the device was shut down.
        queue.sync {}
    }
}
