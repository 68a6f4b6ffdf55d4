import BERT

/// What fits into a given memory: for each batch size the peak of training and reading, and how to train with the batch
/// size that is wanted.
package struct TrainingPlan: Sendable {
    /// One batch size.
    package struct Line: Sendable, Hashable {
        /// Rows of one pass.
        package let batchSize: Int
        /// The most tokens that a pass of so many rows has.
        package let tokens: Int
        /// The peak of a training run.
        package let training: MemorySize
        /// The same with gradient checkpointing.
        package let checkpointed: MemorySize
        /// The peak of a process that reads so many rows at a time.
        package let reading: MemorySize
    }

    /// How a step with the batch size that is wanted is divided into passes.
    package struct Division: Sendable, Hashable {
        /// Rows of one pass.
        package let batchSize: Int
        /// Passes of one step.
        package let accumulation: Int
        /// Whether layers are computed again in the backward pass.
        package let checkpointing: Bool
        /// Its peak.
        package let peak: MemorySize
    }

    /// What of the memory a plan fills: the rest is for what the prediction may be wrong by.
    package static let share = 0.9

    /// The memory that there is.
    package let memory: MemorySize
    /// Batch sizes 1, 2, 4, ... to the first that is too large even with gradient checkpointing, or to all rows.
    package let lines: [Line]
    /// The largest batch sizes that fit; nil if not even one row does.
    package let largest: (training: Int?, checkpointed: Int?, reading: Int?)
    /// How to train with the batch size that is wanted; nil if it cannot be done.
    package let division: Division?
    /// The same without gradient checkpointing, where that was asked for and is not needed.
    package let plainDivision: Division?
    private let model: MemoryModel
    private let rows: PlannedRows

    /// Plans a run.
    ///
    /// - Parameters:
    ///   - batchSize: rows of a step.
    ///   - checkpointing: whether gradient checkpointing is wanted even where it is not needed.
    package init(
        model: MemoryModel, rows: PlannedRows, memory: MemorySize, batchSize: Int, checkpointing: Bool
    ) {
        (self.model, self.rows, self.memory) = (model, rows, memory)
        let most = rows.count ?? 1 << 20
        let planner = Planner(model: model, rows: rows, room: Int(Self.share * Double(memory.bytes)))
        largest = (
            planner.largest(most) { planner.training($0, false) }, planner.largest(most) { planner.training($0, true) },
            planner.largest(most) { planner.reading($0) }
        )
        lines = planner.lines(most, largest: largest.checkpointed ?? 1)
        division = planner.division(batchSize, checkpointing: checkpointing)
        plainDivision =
            checkpointing
            ? planner.division(batchSize, checkpointing: false).flatMap { $0.checkpointing ? nil : $0 } : nil
    }

    /// Whether a peak fits.
    package func fits(_ size: MemorySize) -> Bool { Double(size.bytes) <= Self.share * Double(memory.bytes) }

    /// What training takes with one row a pass and gradient checkpointing: less cannot be had.
    package var least: MemorySize { model.training(rows.largestBatch(of: 1), checkpointing: true).total }
}

/// Looks for batch sizes.
private struct Planner {
    let model: MemoryModel
    let rows: PlannedRows
    let room: Int

    func training(_ size: Int, _ checkpointing: Bool) -> Int {
        model.training(rows.largestBatch(of: size), checkpointing: checkpointing).total.bytes
    }

    func reading(_ size: Int) -> Int { model.reading(rows.largestBatch(of: size)).total.bytes }

    /// The largest size up to `most` whose bytes fit, to the resolution of a sixteenth.
    ///
    /// All doublings are tried: of real rows a larger batch may take less, where few batches have fewer numbers of
    /// tokens.
    func largest(_ most: Int, _ bytes: (Int) -> Int) -> Int? {
        let doublings = sequence(first: 1) { 2 * $0 <= most ? 2 * $0 : nil }
        guard var fits = Array(doublings).last(where: { bytes($0) <= room }) else { return nil }
        var fails = min(2 * fits, most + 1)
        while fails - fits > max(1, fits / 16) {
            let middle = (fits + fails) / 2
            if bytes(middle) <= room { fits = middle } else { fails = middle }
        }
        return fits
    }

    /// Doublings up to the first beyond `largest`.
    func lines(_ most: Int, largest: Int) -> [TrainingPlan.Line] {
        var lines: [TrainingPlan.Line] = []
        var size = 1
        while size <= most {
            let batch = rows.largestBatch(of: size)
            let line = TrainingPlan.Line(
                batchSize: size, tokens: batch.tokens, training: model.training(batch, checkpointing: false).total,
                checkpointed: model.training(batch, checkpointing: true).total, reading: model.reading(batch).total)
            lines.append(line)
            if size > largest { break }
            size *= 2
        }
        return lines
    }

    /// Few passes of many rows before many of few; without checkpointing, which takes time, where it is not asked for.
    func division(_ wanted: Int, checkpointing: Bool) -> TrainingPlan.Division? {
        for checkpointed in checkpointing ? [true] : [false, true] {
            for size in (1...wanted).reversed() where wanted % size == 0 {
                let bytes = training(min(size, rows.count ?? size), checkpointed)
                guard bytes <= room else { continue }
                return TrainingPlan.Division(
                    batchSize: size, accumulation: wanted / size, checkpointing: checkpointed,
                    peak: MemorySize(bytes: bytes))
            }
        }
        return nil
    }
}
