/// What an exported graph computes: an encoder with a question-answering head, whatever its family.
///
/// Parameters are named by their scopes in a checkpoint, without `.weight` and `.bias`.
package struct EncoderDescription: Sendable, Hashable {
    /// What precedes the layers.
    package struct Embeddings: Sendable, Hashable {
        /// The table of tokens, [V, E].
        package var word: String
        /// The table of positions, [P, E].
        package var position: String
        /// The table of segments, [S, E]; nil if the family has none.
        package var segment: String?
        /// The layer norm of the sum.
        package var norm: String
        /// The projection from E to H of families whose embeddings are narrower than their states.
        package var projection: String?

        /// The scopes of the tables.
        package init(word: String, position: String, segment: String?, norm: String, projection: String? = nil) {
            (self.word, self.position, self.segment) = (word, position, segment)
            (self.norm, self.projection) = (norm, projection)
        }
    }

    /// One layer of the encoder.
    package struct Layer: Sendable, Hashable {
        /// The projections to queries, keys and values.
        package var query: String
        /// See `query`.
        package var key: String
        /// See `query`.
        package var value: String
        /// The projection of what attention gives.
        package var attentionOutput: String
        /// The norm behind attention.
        package var attentionNorm: String
        /// The feed-forward network's first projection, which GELU follows.
        package var intermediate: String
        /// The feed-forward network's second projection.
        package var output: String
        /// The norm behind the feed-forward network.
        package var outputNorm: String

        /// The scopes of a layer's parts.
        package init(
            query: String, key: String, value: String, attentionOutput: String, attentionNorm: String,
            intermediate: String, output: String, outputNorm: String
        ) {
            (self.query, self.key, self.value) = (query, key, value)
            (self.attentionOutput, self.attentionNorm) = (attentionOutput, attentionNorm)
            (self.intermediate, self.output, self.outputNorm) = (intermediate, output, outputNorm)
        }
    }

    /// Which row of the table of positions a token gets.
    package enum Positions: Sendable, Hashable {
        /// Its place in the row, from 0.
        case places
        /// RoBERTa's: the number of tokens up to it that are no padding, plus the id of padding. Padding gets that id.
        case behindPadding(id: Int)
    }

    /// The tables and the norm.
    package var embeddings: Embeddings
    /// The layers, in their order.
    package var layers: [Layer]
    /// The head's scope: two outputs, start and end.
    package var head: String
    /// Which positions tokens get.
    package var positions: Positions
    /// Whether the model takes `token_type_ids`; a model of one segment takes and ignores them.
    package var takesSegments: Bool
    /// The number of attention heads; divides the width of the states.
    package var headCount: Int
    /// What layer normalisation adds to the variance.
    package var layerNormEpsilon: Double

    /// An encoder of these parts.
    package init(
        embeddings: Embeddings, layers: [Layer], head: String, positions: Positions, takesSegments: Bool,
        headCount: Int, layerNormEpsilon: Double
    ) {
        (self.embeddings, self.layers, self.head) = (embeddings, layers, head)
        (self.positions, self.takesSegments) = (positions, takesSegments)
        (self.headCount, self.layerNormEpsilon) = (headCount, layerNormEpsilon)
    }
}
