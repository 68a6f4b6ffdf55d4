import StrictJSON
import Torch

/// BERT with a head that gives every token a score for being the first and one for being the last of the answer.
package struct BertForQuestionAnswering {
    /// The model's shape.
    package let config: BertConfig
    /// All parameters, under the keys that transformers gives them.
    package let parameters: Parameters
    /// What matrix products compute in.
    package let precision: Precision
    /// The encoder.
    package let bert: BertModel
    let head: Linear

    /// Puts the parameters where they belong.
    ///
    /// The head computes in float32 whatever the precision: it costs nothing, and its scores are compared.
    ///
    /// - Parameter use: parameters that are for inference must not change any more: layers may keep copies of their own.
    /// - Throws: `ModelError` naming a parameter that is missing.
    package init(
        config: BertConfig, parameters: Parameters, precision: Precision, use: ParameterUse = .training
    ) throws(ModelError) {
        self.config = config
        self.parameters = parameters
        self.precision = precision
        bert = try BertModel(parameters.scope(precision: precision, use: use)["bert"], config: config)
        head = try Linear(parameters.scope(precision: .fp32, use: use)["qa_outputs"])
    }

    /// The logits [T, 2] of start (column 0) and end (column 1) for every token of the rows.
    ///
    /// - Parameter checkpointing: compute each layer again in the backward pass instead of keeping what it needs.
    package func callAsFunction(
        _ input: BertInput, dropout: DropoutSource = .none, checkpointing: Bool = false
    ) throws(TorchError) -> Tensor {
        let logits = try head(.plain(bert(input, dropout: dropout, checkpointing: checkpointing)))
        let count = input.rows.tokenCount
        return count == logits.shape[0] ? logits : try logits.slice(dim: 0, 0..<count)
    }

    /// The training loss of a batch; see `Tensor.packedSpanLoss`.
    ///
    /// - Parameters:
    ///   - targets: int64 [B, 2], first and last token of each row's answer, counted from the row's start.
    ///   - checkpointing: compute each layer again in the backward pass instead of keeping what it needs.
    package func loss(
        _ input: BertInput, targets: Tensor, rowDivisor: Double, dropout: DropoutSource = .none,
        checkpointing: Bool = false
    ) throws(TorchError) -> Tensor {
        try self(input, dropout: dropout, checkpointing: checkpointing)
            .packedSpanLoss(rows: input.rows, targets: targets, rowDivisor: rowDivisor)
    }
}
