import Checkpoints
import Torch

// BERT over packed rows: Devlin et al. 2018, arXiv:1810.04805; names and arithmetic as in transformers.
//
// Legend: T tokens in all rows of the batch, H hidden size, N heads, D = H / N.
// Sources are functions and lines of transformers 5.23.0, src/transformers/models/bert/modeling_bert.py:
// https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/models/bert/modeling_bert.py

/// Word, position and segment vectors, added and normalised.
///
/// - Source: `BertEmbeddings.forward`, modeling_bert.py#L68
package struct EncoderEmbeddings {
    let word: Embedding
    let position: Embedding
    let type: Embedding
    let norm: LayerNorm

    init(_ scope: ParameterScope, config: EncoderConfig) throws(CheckpointError) {
        word = try Embedding(scope["word_embeddings"])
        position = try Embedding(scope["position_embeddings"])
        type = try Embedding(scope["token_type_embeddings"])
        norm = try LayerNorm(scope["LayerNorm"], epsilon: config.layerNormEpsilon)
    }

    /// [T] to [T, H].
    package func callAsFunction(_ input: EncoderInput, dropout: DropoutSource) throws(TorchError) -> HiddenStates {
        // A model with one type has been trained without segments: question and context get the same vector.
        let types = try type.count == 1 ? type.all() : type(input.typeIDs)
        let x = try word(input.ids) + types + position(input.positions)
        return try HiddenStates(
            norm(x).packedDropout(dropout.dropout(at: .embeddings), rows: input.filledRows),
            precision: norm.precision)
    }
}

/// Self-attention inside each row, and its output projection.
///
/// - Source: `BertSelfAttention.forward`, modeling_bert.py#L164; `BertSelfOutput.forward`, #L289, without the norm
package struct EncoderAttention {
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let heads: Int
    let layer: Int

    init(_ scope: ParameterScope, config: EncoderConfig, layer: Int) throws(CheckpointError) {
        query = try Linear(scope["self"]["query"])
        key = try Linear(scope["self"]["key"])
        value = try Linear(scope["self"]["value"])
        output = try Linear(scope["output"]["dense"])
        heads = config.headCount
        self.layer = layer
    }

    /// [T, H] to [T, H].
    func callAsFunction(
        _ x: HiddenStates, rows: PackedRows, dropout: DropoutSource
    ) throws(TorchError) -> SublayerOutput {
        let x = x.operand
        let attended = try query(x).packedAttention(
            keys: key(x), values: value(x), rows: rows, heads: heads,
            dropout: dropout.dropout(at: .attentionWeights(layer: layer)))  // [T, N * D]
        return try output.sublayerOutput(
            attended, dropout: dropout.dropout(at: .attentionOutput(layer: layer)), rows: rows)
    }
}

/// Two projections with GELU between them.
///
/// - Source: `BertIntermediate.forward`, modeling_bert.py#L334; `BertOutput.forward`, #L347, without the norm
package struct EncoderFeedForward {
    let intermediate: Linear
    let output: Linear
    let layer: Int

    init(_ scope: ParameterScope, layer: Int) throws(CheckpointError) {
        intermediate = try Linear(scope["intermediate"]["dense"])
        output = try Linear(scope["output"]["dense"])
        self.layer = layer
    }

    /// [T, H] to [T, H].
    func callAsFunction(
        _ x: HiddenStates, rows: PackedRows, dropout: DropoutSource
    ) throws(TorchError) -> SublayerOutput {
        try output.sublayerOutput(
            intermediate.gelu(x.operand), dropout: dropout.dropout(at: .output(layer: layer)), rows: rows)
    }
}

/// One layer of the encoder.
///
/// - Source: `BertLayer.forward`, modeling_bert.py#L374
package struct EncoderLayer {
    let attention: EncoderAttention
    let attentionNorm: LayerNorm
    let feedForward: EncoderFeedForward
    let feedForwardNorm: LayerNorm

    init(_ scope: ParameterScope, config: EncoderConfig, layer: Int) throws(CheckpointError) {
        attention = try EncoderAttention(scope["attention"], config: config, layer: layer)
        attentionNorm = try LayerNorm(scope["attention"]["output"]["LayerNorm"], epsilon: config.layerNormEpsilon)
        feedForward = try EncoderFeedForward(scope, layer: layer)
        feedForwardNorm = try LayerNorm(scope["output"]["LayerNorm"], epsilon: config.layerNormEpsilon)
    }

    /// [T, H] to [T, H].
    package func callAsFunction(
        _ x: HiddenStates, rows: PackedRows, dropout: DropoutSource
    ) throws(TorchError) -> HiddenStates {
        let x = try attentionNorm(x + attention(x, rows: rows, dropout: dropout))
        return try feedForwardNorm(x + feedForward(x, rows: rows, dropout: dropout))
    }
}

/// The encoder: what every BERT has, whatever its head.
///
/// - Source: `BertModel.forward`, modeling_bert.py#L623; `BertEncoder.forward`, #L425
package struct EncoderModel {
    /// The vectors that the first layer starts from.
    package let embeddings: EncoderEmbeddings
    /// The layers, in order.
    package let layers: [EncoderLayer]

    init(_ scope: ParameterScope, config: EncoderConfig) throws(CheckpointError) {
        embeddings = try EncoderEmbeddings(scope["embeddings"], config: config)
        var layers: [EncoderLayer] = []
        for layer in 0..<config.layerCount {
            layers.append(try EncoderLayer(scope["encoder"]["layer"]["\(layer)"], config: config, layer: layer))
        }
        self.layers = layers
    }

    /// [T] to [T, H], the filler included.
    ///
    /// - Parameter checkpointing: keep only the input of each layer, and compute the layer again in the backward pass:
    ///   less memory, more time and the same numbers.
    package func callAsFunction(
        _ input: EncoderInput, dropout: DropoutSource = .none, checkpointing: Bool = false
    ) throws(TorchError) -> Tensor {
        var x = try embeddings(input, dropout: dropout)
        if checkpointing { return try checkpointed(x.full, rows: input.filledRows, dropout: dropout) }
        for layer in layers {
            x = try layer(x, rows: input.filledRows, dropout: dropout)
        }
        return x.full
    }

    /// All layers. Only the states go from one to the next: rounding them again is cheaper than keeping them twice.
    private func checkpointed(_ x: Tensor, rows: PackedRows, dropout: DropoutSource) throws(TorchError) -> Tensor {
        var x = x
        for layer in layers {
            x = try x.checkpointed { x throws(TorchError) in
                let states = try HiddenStates(x, precision: layer.feedForwardNorm.precision)
                return try layer(states, rows: rows, dropout: dropout).full
            }
        }
        return x
    }
}
