import BERT
import Export

extension EncoderDescription {
    /// What a model of this configuration computes, by the names of its parameters.
    init(_ config: EncoderConfig) {
        let layers = (0..<config.layerCount).map { number in
            let scope = "bert.encoder.layer.\(number)"
            return Layer(
                query: "\(scope).attention.self.query", key: "\(scope).attention.self.key",
                value: "\(scope).attention.self.value", attentionOutput: "\(scope).attention.output.dense",
                attentionNorm: "\(scope).attention.output.LayerNorm", intermediate: "\(scope).intermediate.dense",
                output: "\(scope).output.dense", outputNorm: "\(scope).output.LayerNorm")
        }
        let scope = "bert.embeddings"
        self.init(
            embeddings: Embeddings(
                word: "\(scope).word_embeddings", position: "\(scope).position_embeddings",
                segment: "\(scope).token_type_embeddings", norm: "\(scope).LayerNorm"),
            layers: layers, head: "qa_outputs", positions: .places, takesSegments: true, headCount: config.headCount,
            layerNormEpsilon: config.layerNormEpsilon)
    }
}
