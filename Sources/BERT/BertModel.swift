import Torch

// BERT over packed rows.
//
// Legend: T tokens in all rows of the batch, B rows, H hidden size, N heads, D = H / N.
// - Source: Devlin et al. 2018, arXiv:1810.04805; names and arithmetic as transformers' `modeling_bert.py`.

/// A packed batch: the concatenation of its rows, without padding between them.
///
/// At its end may stand a filler of up to 3 per cent, a row of its own that nothing reads. It makes T one of few numbers: a
/// library that compiles a matrix product for each shape then compiles, and keeps, few of them.
package struct BertInput {
    /// Token ids, int64 [T].
    package let ids: Tensor
    /// Segments, 0 for question and 1 for context, int64 [T].
    package let typeIDs: Tensor
    /// Positions inside each row, int64 [T].
    package let positions: Tensor
    /// Where the rows begin, the filler's not among them.
    package let rows: PackedRows
    /// The same with the filler.
    package let filledRows: PackedRows

    /// A batch of rows with the given lengths, whose ids and types are concatenated.
    package init(
        ids: [Int64], typeIDs: [Int64], lengths: [Int], rowKeys: [Int64]? = nil, device: Device = .cpu
    ) throws(TorchError) {
        let filler = Self.filler(ids.count)
        let padding = [Int64](repeating: 0, count: filler)
        self.ids = try Tensor.of(ids + padding).to(device)
        self.typeIDs = try Tensor.of(typeIDs + padding).to(device)
        let filled = filler > 0 ? lengths + [filler] : lengths
        // The filler's positions need not rise, and may be more than the model has.
        positions = try Tensor.of(lengths.flatMap { (0..<Int64($0)).map { $0 } } + padding).to(device)
        rows = try PackedRows(lengths: lengths, keys: rowKeys, device: device)
        let keys = rowKeys.map { filler > 0 ? $0 + [-1] : $0 }
        filledRows = filler > 0 ? try PackedRows(lengths: filled, keys: keys, device: device) : rows
    }

    /// Tokens that bring a batch to a multiple of a 32nd of the power of two below it, and of 16 at least.
    package static func filler(_ tokens: Int) -> Int {
        guard tokens > 0 else { return 0 }
        let power = 1 << (Int.bitWidth - 1 - tokens.leadingZeroBitCount)
        let step = max(16, power / 32)
        return (step - tokens % step) % step
    }
}

/// Where the dropout masks of one forward pass come from: nothing but (seed, step) and the row, and on CUDA its place in the
/// batch.
package struct DropoutSource: Sendable, Hashable {
    /// Probability in the hidden states.
    package let hidden: Double
    /// Probability in the attention weights.
    package let attention: Double
    private let seed: UInt64

    /// The masks of step `step` of the run with that seed.
    package init(config: BertConfig, seed: UInt64, step: Int) {
        hidden = config.hiddenDropout
        attention = config.attentionDropout
        self.seed = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: step) &* 0xD1B5_4A32_D192_ED03
    }

    /// No dropout, as in evaluation.
    package static let none = DropoutSource()

    private init() {
        hidden = 0
        attention = 0
        seed = 0
    }

    /// A place in the model where something is dropped; each has masks of its own.
    enum Site {
        case embeddings
        case attentionWeights(layer: Int)
        case attentionOutput(layer: Int)
        case output(layer: Int)

        var number: UInt64 {
            switch self {
            case .embeddings: 0
            case .attentionWeights(let layer): UInt64(3 * layer + 1)
            case .attentionOutput(let layer): UInt64(3 * layer + 2)
            case .output(let layer): UInt64(3 * layer + 3)
            }
        }
    }

    func dropout(at site: Site) -> Dropout {
        let probability = if case .attentionWeights = site { attention } else { hidden }
        return Dropout(probability: probability, seed: seed &+ site.number &* 0xA24B_AED4_963E_E407)
    }
}

/// Word, position and segment vectors, added and normalised.
package struct BertEmbeddings {
    let word: Embedding
    let position: Embedding
    let type: Embedding
    let norm: LayerNorm

    init(_ scope: ParameterScope, config: BertConfig) throws(ModelError) {
        word = try Embedding(scope["word_embeddings"])
        position = try Embedding(scope["position_embeddings"])
        type = try Embedding(scope["token_type_embeddings"])
        norm = try LayerNorm(scope["LayerNorm"], epsilon: config.layerNormEpsilon)
    }

    /// [T] to [T, H].
    package func callAsFunction(_ input: BertInput, dropout: DropoutSource) throws(TorchError) -> HiddenStates {
        let x = try word(input.ids) + type(input.typeIDs) + position(input.positions)
        return try HiddenStates(
            norm(x).packedDropout(dropout.dropout(at: .embeddings), rows: input.filledRows),
            precision: norm.precision)
    }
}

/// Self-attention inside each row, and its output projection.
package struct BertAttention {
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let heads: Int
    let layer: Int

    init(_ scope: ParameterScope, config: BertConfig, layer: Int) throws(ModelError) {
        query = try Linear(scope["self"]["query"])
        key = try Linear(scope["self"]["key"])
        value = try Linear(scope["self"]["value"])
        output = try Linear(scope["output"]["dense"])
        heads = config.headCount
        self.layer = layer
    }

    /// [T, H] to [T, H] without the output's bias, which comes with it if it is yet to be added.
    func callAsFunction(
        _ x: HiddenStates, rows: PackedRows, dropout: DropoutSource
    ) throws(TorchError) -> (sum: Tensor, bias: Tensor?) {
        let x = x.operand
        let attended = try query(x).packedAttention(
            keys: key(x), values: value(x), rows: rows, heads: heads,
            dropout: dropout.dropout(at: .attentionWeights(layer: layer)))  // [T, N * D]
        return try output.product(attended)
    }
}

/// The two projections with GELU between them.
package struct BertFeedForward {
    let intermediate: Linear
    let output: Linear

    init(_ scope: ParameterScope) throws(ModelError) {
        intermediate = try Linear(scope["intermediate"]["dense"])
        output = try Linear(scope["output"]["dense"])
    }

    /// [T, H] to [T, H] without the output's bias, which comes with it if it is yet to be added.
    func callAsFunction(_ x: HiddenStates) throws(TorchError) -> (sum: Tensor, bias: Tensor?) {
        try output.product(intermediate.gelu(x.operand))
    }
}

/// One layer of the encoder.
package struct BertLayer {
    let attention: BertAttention
    let attentionNorm: LayerNorm
    let feedForward: BertFeedForward
    let feedForwardNorm: LayerNorm
    let layer: Int

    init(_ scope: ParameterScope, config: BertConfig, layer: Int) throws(ModelError) {
        attention = try BertAttention(scope["attention"], config: config, layer: layer)
        attentionNorm = try LayerNorm(scope["attention"]["output"]["LayerNorm"], epsilon: config.layerNormEpsilon)
        feedForward = try BertFeedForward(scope)
        feedForwardNorm = try LayerNorm(scope["output"]["LayerNorm"], epsilon: config.layerNormEpsilon)
        self.layer = layer
    }

    /// [T, H] to [T, H].
    package func callAsFunction(
        _ input: HiddenStates, rows: PackedRows, dropout: DropoutSource
    ) throws(TorchError) -> HiddenStates {
        let x = try attentionNorm(
            input, plus: attention(input, rows: rows, dropout: dropout),
            dropout: dropout.dropout(at: .attentionOutput(layer: layer)), rows: rows)
        return try feedForwardNorm(
            x, plus: feedForward(x), dropout: dropout.dropout(at: .output(layer: layer)), rows: rows)
    }
}

/// The encoder: what every BERT has, whatever its head.
package struct BertModel {
    /// The vectors that the first layer starts from.
    package let embeddings: BertEmbeddings
    /// The layers, in order.
    package let layers: [BertLayer]

    init(_ scope: ParameterScope, config: BertConfig) throws(ModelError) {
        embeddings = try BertEmbeddings(scope["embeddings"], config: config)
        var layers: [BertLayer] = []
        for layer in 0..<config.layerCount {
            layers.append(try BertLayer(scope["encoder"]["layer"]["\(layer)"], config: config, layer: layer))
        }
        self.layers = layers
    }

    /// [T] to [T, H], the filler included.
    ///
    /// - Parameter checkpointing: keep of each layer only what goes into it, and compute the layer again in the backward
    ///   pass: less memory for more time, and the same numbers.
    package func callAsFunction(
        _ input: BertInput, dropout: DropoutSource = .none, checkpointing: Bool = false
    ) throws(TorchError) -> Tensor {
        var x = try embeddings(input, dropout: dropout)
        if checkpointing { return try checkpointed(x.full, rows: input.filledRows, dropout: dropout) }
        for layer in layers {
            x = try layer(x, rows: input.filledRows, dropout: dropout)
        }
        return x.full
    }

    /// All layers. Only the states pass from one to the next: rounding them again is cheaper than keeping them twice.
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
