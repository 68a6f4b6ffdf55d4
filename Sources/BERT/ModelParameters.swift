/// The parameters of an encoder with a question-answering head: their checkpoint keys and shapes.
package enum ModelParameters {
    /// One parameter.
    package struct Shape: Sendable, Hashable {
        /// What a parameter is for, which decides what it is kept in.
        enum Role: Sendable, Hashable {
            /// A table of vectors, of which few are read.
            case table
            /// The weight of a product in a layer, which `Precision` is about.
            case matrix
            /// All else, which stays in float32.
            case other
        }

        /// The key in a checkpoint, as the family's `...ForQuestionAnswering` of transformers names it.
        package let key: String
        /// The dimensions, outermost first; a linear layer's weight is `[out, in]`.
        package let shape: [Int]
        let role: Role
    }

    /// The keys of the head, which a pretrained encoder doesn't have yet.
    package static let headKeys = ["qa_outputs.weight", "qa_outputs.bias"]

    /// Every parameter that the configuration implies, always in the order of the forward pass.
    package static func shapes(_ config: EncoderConfig) -> [Shape] {
        let page = config.family.page
        let (hidden, inner, embedded) = (config.hiddenSize, config.intermediateSize, config.embeddingSize)
        let embeddings = "\(page.scope).embeddings"
        var shapes = table("\(embeddings).word_embeddings", [config.vocabSize, embedded])
        shapes += table("\(embeddings).position_embeddings", [config.maxPositionEmbeddings, embedded])
        if config.typeVocabSize > 0 {
            shapes += table("\(embeddings).token_type_embeddings", [config.typeVocabSize, embedded])
        }
        shapes += norm("\(embeddings).LayerNorm", embedded)
        if let projection = page.projection, config.widensEmbeddings {
            shapes += linear("\(page.scope).\(projection)", from: embedded, to: hidden)
        }
        let names = page.layer
        for layer in 0..<config.layerCount {
            let scope = page.scope(ofLayer: layer)
            for name in [names.query, names.key, names.value, names.attentionOutput] {
                shapes += linear("\(scope).\(name)", from: hidden, to: hidden, .matrix)
            }
            shapes += norm("\(scope).\(names.attentionNorm)", hidden)
            shapes += linear("\(scope).\(names.intermediate)", from: hidden, to: inner, .matrix)
            shapes += linear("\(scope).\(names.output)", from: inner, to: hidden, .matrix)
            shapes += norm("\(scope).\(names.outputNorm)", hidden)
        }
        return shapes + linear("qa_outputs", from: hidden, to: 2)
    }

    /// Whether weight decay applies to a parameter: to all but biases and layer norms, as transformers' trainer has it.
    package static func decays(_ key: String) -> Bool {
        !key.hasSuffix(".bias") && !isNorm(key)
    }

    /// Whether a parameter belongs to a layer norm, by the names of all families.
    package static func isNorm(_ key: String) -> Bool {
        key.contains("LayerNorm.") || key.contains("layer_norm.")
    }

    private static func table(_ scope: String, _ shape: [Int]) -> [Shape] {
        [Shape(key: "\(scope).weight", shape: shape, role: .table)]
    }

    private static func norm(_ scope: String, _ width: Int) -> [Shape] {
        ["weight", "bias"].map { Shape(key: "\(scope).\($0)", shape: [width], role: .other) }
    }

    private static func linear(
        _ scope: String, from input: Int, to output: Int, _ role: Shape.Role = .other
    ) -> [Shape] {
        [
            Shape(key: "\(scope).weight", shape: [output, input], role: role),
            Shape(key: "\(scope).bias", shape: [output], role: .other),
        ]
    }
}
