import Checkpoints
import Torch

/// An encoder with a head that scores each token as the first and as the last of the answer.
///
/// - Source: `BertForQuestionAnswering.forward` of transformers 5.23.0, modeling_bert.py#L1303;
///   `DistilBertForQuestionAnswering.forward`, modeling_distilbert.py#L659, for the dropout before the head
package struct QuestionAnsweringModel {
    /// The model's shape.
    package let config: EncoderConfig
    /// All parameters, under the keys that transformers gives them.
    package let parameters: Parameters
    /// What matrix products compute in.
    package let precision: Precision
    /// The encoder.
    package let encoder: EncoderModel
    let head: Linear

    /// A model of these parameters.
    ///
    /// The head computes in float32 whatever the precision: it costs nothing, and its scores are compared.
    ///
    /// - Parameter use: parameters for inference must not change later, because layers may keep copies of their own.
    /// - Throws: `CheckpointError` that names a missing parameter.
    package init(
        config: EncoderConfig, parameters: Parameters, precision: Precision, use: ParameterUse = .training
    ) throws(CheckpointError) {
        self.config = config
        self.parameters = parameters
        self.precision = precision
        let root = parameters.scope(precision: precision, use: use)
        encoder = try EncoderModel(root[config.family.page.scope], config: config)
        head = try Linear(root["qa_outputs"].computing(in: .fp32))
    }

    /// The logits [T, 2] of start (column 0) and end (column 1) for every token of the rows.
    ///
    /// - Parameter checkpointing: compute each layer again in the backward pass instead of keeping its intermediate
    ///   results.
    package func callAsFunction(
        _ input: EncoderInput, dropout: DropoutSource = .none, checkpointing: Bool = false
    ) throws(TorchError) -> Tensor {
        let states = try encoder(input, dropout: dropout, checkpointing: checkpointing)
            .packedDropout(dropout.dropout(at: .head), rows: input.filledRows)
        let logits = try head(.plain(states))
        let count = input.rows.tokenCount
        return count == logits.shape[0] ? logits : try logits.slice(dim: 0, 0..<count)
    }

    /// The training loss of a batch; see `Tensor.packedSpanLoss`.
    ///
    /// - Parameters:
    ///   - targets: int64 [B, 2], first and last token of each row's answer, counted from the row's start.
    ///   - checkpointing: compute each layer again in the backward pass instead of keeping its intermediate results.
    package func loss(
        _ input: EncoderInput, targets: Tensor, rowDivisor: Double, dropout: DropoutSource = .none,
        checkpointing: Bool = false
    ) throws(TorchError) -> Tensor {
        try self(input, dropout: dropout, checkpointing: checkpointing)
            .packedSpanLoss(rows: input.rows, targets: targets, rowDivisor: rowDivisor)
    }
}
