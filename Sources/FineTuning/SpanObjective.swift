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

    /// Whether each label is one place, as far as that depends on the options.
    var takesOnePlace: Bool { labelSmoothing == 0 && teachers == nil }

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
        let labels = SoftSpanLabels(
            places: try batch.places(), smoothing: labelSmoothing, teacher: try teachers?.teacher(of: numbers))
        return try model(batch.input, dropout: dropout, checkpointing: checkpointing)
            .packedSoftSpanLoss(rows: batch.input.rows, labels: labels, rowDivisor: rowDivisor)
    }
}
