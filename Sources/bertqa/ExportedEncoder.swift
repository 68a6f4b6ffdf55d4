import BERT
import Export

extension EncoderDescription {
    /// What a model of this configuration computes, by the names of its parameters.
    init(_ config: EncoderConfig) {
        let page = config.family.page
        let layers = (0..<config.layerCount).map { number in
            let (scope, names) = (page.scope(ofLayer: number), page.layer)
            return Layer(
                query: "\(scope).\(names.query)", key: "\(scope).\(names.key)", value: "\(scope).\(names.value)",
                attentionOutput: "\(scope).\(names.attentionOutput)", attentionNorm: "\(scope).\(names.attentionNorm)",
                intermediate: "\(scope).\(names.intermediate)", output: "\(scope).\(names.output)",
                outputNorm: "\(scope).\(names.outputNorm)")
        }
        let scope = "\(page.scope).embeddings"
        let positions: Positions =
            switch config.positions {
            case .fromZero: .places
            case .afterPadding(let id): .behindPadding(id: id)
            }
        self.init(
            embeddings: Embeddings(
                word: "\(scope).word_embeddings", position: "\(scope).position_embeddings",
                segment: config.typeVocabSize > 0 ? "\(scope).token_type_embeddings" : nil, norm: "\(scope).LayerNorm",
                projection: config.widensEmbeddings ? page.projection.map { "\(page.scope).\($0)" } : nil),
            layers: layers, head: "qa_outputs", positions: positions, takesSegments: Self.takesSegments(config),
            headCount: config.headCount, layerNormEpsilon: config.layerNormEpsilon)
    }

    /// Whether tokenizers of the family give segments. RoBERTa's do not, and put every token into the first one.
    private static func takesSegments(_ config: EncoderConfig) -> Bool {
        config.positions == .fromZero && config.typeVocabSize > 0
    }
}
