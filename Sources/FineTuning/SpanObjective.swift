import BERT
import QuestionAnswering
import Torch

/// The objective of training: the span loss of the labels, which may be smoothed or several places, and the distance
/// from teachers.
struct SpanObjective {
    private let labelSmoothing: Double
    private let checkpointing: Bool

    private let teachers: TeacherShares?

    /// - Parameter teachers: the teachers' distributions for the rows; nil without teachers.
    init(_ options: TrainingOptions, teachers: TeacherShares?) {
        self.teachers = teachers
        (labelSmoothing, checkpointing) = (options.labelSmoothing, options.gradientCheckpointing)
    }

    /// The loss of a batch, float32 [], with its graph.
    ///
    /// - Parameters:
    ///   - numbers: those of the batch's rows.
    ///   - rowDivisor: the rows that the loss is the mean over; see `Tensor.packedSpanLoss`.
    func loss(
        of model: QuestionAnsweringModel, on batch: PackedBatch, rows numbers: [Int], rowDivisor: Double,
        dropout: DropoutSource
    ) throws(TorchError) -> Tensor {
        guard labelSmoothing > 0 || batch.hasSeveralPlaces || teachers != nil else {
            return try model.loss(
                batch.input, targets: batch.targets, rowDivisor: rowDivisor, dropout: dropout,
                checkpointing: checkpointing)
        }
        let shares = try teachers.map { teachers throws(TorchError) in
            try Tensor.of(teachers.shares(of: numbers), shape: [batch.tokenCount, 2])
        }
        return try model(batch.input, dropout: dropout, checkpointing: checkpointing)
            .packedSoftSpanLoss(
                rows: batch.input.rows, labels: labels(places: batch.places(), shares: shares), rowDivisor: rowDivisor)
    }

    private func labels(places: Tensor, shares: Tensor?) -> SoftSpanLabels {
        SoftSpanLabels(
            places: places, smoothing: labelSmoothing,
            teacher: shares.flatMap { shares in teachers?.teacher(shares) })
    }
}

// MARK: - Batches at one place

extension SpanObjective {
    /// How the labels of recorded passes are kept for rows like these: as one place each, as marks, or as marks with
    /// teachers' shares.
    func labelForm(of rows: [Feature]) -> LabelForm {
        if teachers != nil { return .marksAndShares }
        return labelSmoothing > 0 || rows.contains { $0.spans.count > 1 } ? .marks : .places
    }

    /// The numbers of the labels of rows, for `PlacedBatch.fill`; empty for places, which are among the batch's own.
    func labelNumbers(of rows: [Feature], numbers: [Int], in form: LabelForm) throws(TorchError) -> [[Float]] {
        if form == .places { return [] }
        let marks = SpanMarks.of(rows.map(\.spans), lengths: rows.map(\.length))
        guard let teachers else { return [marks] }
        return [marks, try teachers.shares(of: numbers)]
    }

    /// The loss of a batch at its place, float32 [], with its graph: `loss` of the same rows.
    func loss(
        of model: QuestionAnsweringModel, on placed: PlacedBatch, rowDivisor: Double, dropout: DropoutSource
    ) throws(TorchError) -> Tensor {
        let input = try placed.input()
        let logits = try model(input, dropout: dropout, checkpointing: checkpointing)
        let longest = placed.form.longest
        let soft = try placed.labels()
        guard let places = soft.first else {
            return try logits.packedSpanLoss(
                inForm: input.rows, targets: placed.targets(), longest: longest, rowDivisor: rowDivisor)
        }
        return try logits.packedSoftSpanLoss(
            inForm: input.rows, labels: labels(places: places, shares: soft.dropFirst().first), longest: longest,
            rowDivisor: rowDivisor)
    }
}
