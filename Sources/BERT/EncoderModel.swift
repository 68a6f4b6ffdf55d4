import Checkpoints
import Torch

// The encoder over packed rows, of every family: BERT's, with what `Families` says. Arithmetic as in transformers.
//
// Legend: T tokens in all rows of the batch, E embedding size, H hidden size, N heads, D = H / N.
// Sources are functions and lines of transformers 5.23.0, src/transformers/models/bert/modeling_bert.py:
// https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/models/bert/modeling_bert.py

/// Word, position and segment vectors, added, normalised, and widened where they are narrower than the states.
///
/// - Source: `BertEmbeddings.forward`, modeling_bert.py#L68; `ElectraModel.forward`, modeling_electra.py#L605
package struct EncoderEmbeddings {
    let word: Embedding
    let position: Embedding
    /// Nil in a family without segments.
    let type: Embedding?
    let norm: LayerNorm
    /// Nil if embeddings are as wide as the states. It computes in float32 in every precision, as the head does.
    let projection: Linear?
    let positions: PositionNumbering
    let precision: Precision

    /// - Parameter encoder: the place of the encoder, which the embeddings are part of.
    init(_ encoder: ParameterScope, config: EncoderConfig) throws(CheckpointError) {
        let scope = encoder["embeddings"]
        word = try Embedding(scope["word_embeddings"])
        position = try Embedding(scope["position_embeddings"])
        type = config.typeVocabSize > 0 ? try Embedding(scope["token_type_embeddings"]) : nil
        norm = try LayerNorm(scope["LayerNorm"], epsilon: config.layerNormEpsilon)
        if let key = config.family.page.projection, config.widensEmbeddings {
            projection = try Linear(encoder[key].computing(in: .fp32))
        } else {
            projection = nil
        }
        (positions, precision) = (config.positions, encoder.precision)
    }

    /// [T] to [T, H].
    package func callAsFunction(_ input: EncoderInput, dropout: DropoutSource) throws(TorchError) -> HiddenStates {
        precondition(input.numbering == positions, "the input's positions are numbered for another model")
        var x = try word(input.ids)  // [T, E]
        // A model with one type has been trained without segments: question and context get the same vector.
        if let type { x = try x + (type.count == 1 ? type.all() : type(input.typeIDs)) }
        x = try x + position(input.positions)
        x = try norm(x).packedDropout(dropout.dropout(at: .embeddings), rows: input.filledRows)
        if let projection { x = try projection(.plain(x)) }
        return try HiddenStates(x, precision: precision)
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
    /// The weights of query, key and value below each other, while a training pass keeps them.
    let joined = RoundedWeight()

    init(_ scope: ParameterScope, config: EncoderConfig, layer: Int) throws(CheckpointError) {
        let names = config.family.page.layer
        query = try Linear(scope[names.query])
        key = try Linear(scope[names.key])
        value = try Linear(scope[names.value])
        output = try Linear(scope[names.attentionOutput])
        heads = config.headCount
        self.layer = layer
    }

    /// [T, H] to [T, H].
    func callAsFunction(
        _ x: HiddenStates, rows: PackedRows, dropout: DropoutSource
    ) throws(TorchError) -> SublayerOutput {
        let x = x.operand
        let (queries, keys, values) = try projections(x)
        let attended = try queries.packedAttention(
            keys: keys, values: values, rows: rows, heads: heads,
            dropout: dropout.dropout(at: .attentionWeights(layer: layer)))  // [T, N * D]
        return try output.sublayerOutput(
            attended, dropout: dropout.dropout(at: .attentionOutput(layer: layer)), rows: rows)
    }

    /// Query, key and value of [T, H], each [T, N * D].
    private func projections(_ x: Linear.Operand) throws(TorchError) -> (Tensor, Tensor, Tensor) {
        guard let rounded = joined.tensor, case .plain(let states) = x else {
            return (try query(x), try key(x), try value(x))
        }
        let linears = [query, key, value]
        let all = try states.joinedLinear(
            weights: linears.map(\.weight), rounded: rounded, biases: linears.map(\.bias))
        return (all[0], all[1], all[2])
    }
}

/// Two projections with GELU between them.
///
/// - Source: `BertIntermediate.forward`, modeling_bert.py#L334; `BertOutput.forward`, #L347, without the norm
package struct EncoderFeedForward {
    let intermediate: Linear
    let output: Linear
    let layer: Int

    init(_ scope: ParameterScope, config: EncoderConfig, layer: Int) throws(CheckpointError) {
        intermediate = try Linear(scope[config.family.page.layer.intermediate])
        output = try Linear(scope[config.family.page.layer.output])
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
        let names = config.family.page.layer
        attention = try EncoderAttention(scope, config: config, layer: layer)
        attentionNorm = try LayerNorm(scope[names.attentionNorm], epsilon: config.layerNormEpsilon)
        feedForward = try EncoderFeedForward(scope, config: config, layer: layer)
        feedForwardNorm = try LayerNorm(scope[names.outputNorm], epsilon: config.layerNormEpsilon)
    }

    /// [T, H] to [T, H].
    package func callAsFunction(
        _ x: HiddenStates, rows: PackedRows, dropout: DropoutSource
    ) throws(TorchError) -> HiddenStates {
        let x = try attentionNorm(x + attention(x, rows: rows, dropout: dropout))
        return try feedForwardNorm(x + feedForward(x, rows: rows, dropout: dropout))
    }
}

/// The encoder: what every model has, whatever its head.
///
/// - Source: `BertModel.forward`, modeling_bert.py#L623; `BertEncoder.forward`, #L425
package struct EncoderModel {
    /// The vectors that the first layer starts from.
    package let embeddings: EncoderEmbeddings
    /// The layers, in order.
    package let layers: [EncoderLayer]

    init(_ scope: ParameterScope, config: EncoderConfig) throws(CheckpointError) {
        embeddings = try EncoderEmbeddings(scope, config: config)
        let list = scope[config.family.page.layers]
        var layers: [EncoderLayer] = []
        for layer in 0..<config.layerCount {
            layers.append(try EncoderLayer(list["\(layer)"], config: config, layer: layer))
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
