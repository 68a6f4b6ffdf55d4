import BERT
import QuestionAnswering
import Torch

/// The passes and updates of a run's steps as recorded graphs: the host starts each by one call.
///
/// A step of one pass in one process is one graph. Otherwise each pass is one, which adds to gradients that stay in
/// place, and the update is another: what processes sum lies between. A pass draws all its dropout masks from one seed,
/// so that they do not depend on whether it was recorded.
final class StepGraphs {
    /// What a graph does.
    private enum Work: Hashable {
        /// A step of one pass: gradients and update.
        case step(BatchForm, rows: Int)
        /// A pass that adds to the gradients, `rows` being those of the step.
        case pass(BatchForm, rows: Int, isFirst: Bool)
        case update
    }

    /// Graphs that are kept. SQuAD's batches of 16 rows have about a dozen forms, of 128 rows about 30.
    private static let limit = 40

    private let model: QuestionAnsweringModel
    private let optimizer: AdamW
    private let objective: SpanObjective
    private let labelForm: LabelForm
    private let scale: LossScale?
    /// The weights in 16 bits; nil in fp32.
    private let rounded: RoundedWeights?
    private let device: Device
    private let maxNorm: Double
    private let graphs: GraphCache<Work, PlacedBatch?>
    /// The mean loss over the step's rows, float32 [].
    let loss: Tensor
    /// The gradients' norms before clipping; see `StepTotals`.
    let norms: Tensor
    /// The gradients that passes add to; empty before there are several passes.
    private var gradients: [Tensor] = []

    /// - Parameter labelForm: that of `objective` for the run's rows.
    init(
        model: QuestionAnsweringModel, optimizer: AdamW, objective: SpanObjective, labelForm: LabelForm,
        scale: LossScale?, device: Device, maxNorm: Double
    ) throws(TorchError) {
        (self.model, self.optimizer, self.device) = (model, optimizer, device)
        (self.objective, self.labelForm) = (objective, labelForm)
        (self.scale, self.maxNorm) = (scale, maxNorm)
        try device.enterGraphStream()
        rounded = try RoundedWeights(of: model)
        graphs = GraphCache(device: device, limit: Self.limit)
        loss = try Tensor.zeros([], device: device)
        norms = try Tensor.zeros([1 + optimizer.slots.count], device: device)
        try optimizer.placeNumbers()
    }

    /// The number of graphs.
    var count: Int { graphs.count }

    /// Releases the graphs, where memory ran out; see `GraphCache.close`.
    func close() throws(TorchError) -> Bool { try graphs.close() }

    /// Begins a step with that learning rate.
    func begin(_ rate: Double) throws(TorchError) { try optimizer.placeStep(learningRate: rate) }

    /// A whole step over a batch.
    func step(_ batch: LabelledBatch, rows: Int, seed: UInt64) throws(TorchError) {
        try run(.step(batch.rows.form, rows: rows), batch, seed: seed) { placed throws(TorchError) in
            // Gradients are made in the graph's memory, which the next graph uses again.
            try optimizer.clearGradients()
            try loss.assign(backward(placed, rows: rows))
            try update()
            try optimizer.clearGradients()
        }
    }

    /// A pass of a step of several.
    func pass(_ batch: LabelledBatch, rows: Int, isFirst: Bool, seed: UInt64) throws(TorchError) {
        if gradients.isEmpty {
            for slot in optimizer.slots {
                gradients.append(try Tensor.zeros(slot.parameter.shape, dtype: slot.parameter.dtype, device: device))
            }
        }
        for (slot, gradient) in zip(optimizer.slots, gradients) { try slot.parameter.setGradient(gradient) }
        try run(.pass(batch.rows.form, rows: rows, isFirst: isFirst), batch, seed: seed) { placed throws(TorchError) in
            if isFirst {
                try loss.clear()
                for gradient in gradients { try gradient.clear() }
            }
            try loss.accumulate(backward(placed, rows: rows))
        }
    }

    /// A process without rows takes part in the sums with nothing.
    func noPass() throws(TorchError) {
        try loss.clear()
        for gradient in gradients { try gradient.clear() }
        try optimizer.clearGradients()
    }

    /// The update after the passes of a step and their sums, which must lie at the same places each time.
    func updateAfterPasses() throws(TorchError) {
        _ = try graphs.run(
            .update, make: { nil }, fill: { _ in }, work: { _ throws(TorchError) in try update() })
    }

    /// Rows with their labels as the graphs take them.
    func labelled(_ rows: FormedBatch, of features: [Feature], numbers: [Int]) throws(TorchError) -> LabelledBatch {
        LabelledBatch(
            rows: rows, labels: try objective.labelNumbers(of: features, numbers: numbers, in: labelForm))
    }

    private func run(
        _ work: Work, _ batch: LabelledBatch, seed: UInt64, _ body: (PlacedBatch) throws(TorchError) -> Void
    ) throws(TorchError) {
        try device.drawing(from: seed) { () throws(TorchError) in
            _ = try graphs.run(
                work,
                make: { () throws(TorchError) in
                    try PlacedBatch(batch.rows.form, labels: labelForm, config: model.config, device: device)
                },
                fill: { placed throws(TorchError) in try placed?.fill(batch.rows.numbers, labels: batch.labels) },
                work: { placed throws(TorchError) in if let placed { try body(placed) } })
        }
    }

    /// Adds the gradients of a batch's loss, which it returns.
    private func backward(_ placed: PlacedBatch, rows: Int) throws(TorchError) -> Tensor {
        guard let rounded else { return try plainBackward(placed, rows: rows) }
        return try rounded.refreshed { () throws(TorchError) in try plainBackward(placed, rows: rows) }
    }

    private func plainBackward(_ placed: PlacedBatch, rows: Int) throws(TorchError) -> Tensor {
        let loss = try objective.loss(of: model, on: placed, rowDivisor: Double(rows), dropout: dropout)
        try (scale?.scaled(loss) ?? loss).backward()
        return try loss.to(.float32)
    }

    /// How much to drop; the seeds are the pass's.
    private var dropout: DropoutSource { DropoutSource(config: model.config, seed: 0, step: 0) }

    private func update() throws(TorchError) {
        let measured = try optimizer.measureGradients(maxNorm: maxNorm, scale: scale?.scale)
        try norms.assign(measured.norms)
        let skip = try Tensor.notFinite([loss, norms])
        try optimizer.updatePlaced(dividingBy: measured.divisor, skippingIf: skip)
        try scale?.update(skipped: skip)
    }
}

/// Rows put together for a recorded pass, with their labels.
struct LabelledBatch {
    let rows: FormedBatch
    /// See `PlacedBatch.fill`.
    fileprivate let labels: [[Float]]
}
