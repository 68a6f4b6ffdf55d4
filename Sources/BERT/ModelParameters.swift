/// The parameters of a BERT with a question-answering head: their checkpoint keys and shapes.
package enum ModelParameters {
    /// One parameter.
    package struct Shape: Sendable, Hashable {
        /// The key in a checkpoint, as transformers' `BertForQuestionAnswering` names it.
        package let key: String
        /// The dimensions, outermost first; a linear layer's weight is `[out, in]`.
        package let shape: [Int]
    }

    /// The keys of the head, which a pretrained encoder doesn't have yet.
    package static let headKeys = ["qa_outputs.weight", "qa_outputs.bias"]

    /// Every parameter that the configuration implies, always in the order of the forward pass.
    package static func shapes(_ config: EncoderConfig) -> [Shape] {
        var shapes = table("bert.embeddings.word_embeddings", [config.vocabSize, config.hiddenSize])
        shapes += table("bert.embeddings.position_embeddings", [config.maxPositionEmbeddings, config.hiddenSize])
        shapes += table("bert.embeddings.token_type_embeddings", [config.typeVocabSize, config.hiddenSize])
        shapes += norm("bert.embeddings.LayerNorm", config)
        for layer in 0..<config.layerCount {
            let scope = "bert.encoder.layer.\(layer)"
            for name in ["query", "key", "value"] {
                shapes += linear("\(scope).attention.self.\(name)", from: config.hiddenSize, to: config.hiddenSize)
            }
            shapes += linear("\(scope).attention.output.dense", from: config.hiddenSize, to: config.hiddenSize)
            shapes += norm("\(scope).attention.output.LayerNorm", config)
            shapes += linear("\(scope).intermediate.dense", from: config.hiddenSize, to: config.intermediateSize)
            shapes += linear("\(scope).output.dense", from: config.intermediateSize, to: config.hiddenSize)
            shapes += norm("\(scope).output.LayerNorm", config)
        }
        return shapes + linear("qa_outputs", from: config.hiddenSize, to: 2)
    }

    /// Whether weight decay applies to a parameter: to all but biases and layer norms, as transformers' trainer has it.
    package static func decays(_ key: String) -> Bool {
        !key.hasSuffix(".bias") && !key.contains("LayerNorm")
    }

    private static func table(_ scope: String, _ shape: [Int]) -> [Shape] {
        [Shape(key: "\(scope).weight", shape: shape)]
    }

    private static func norm(_ scope: String, _ config: EncoderConfig) -> [Shape] {
        [
            Shape(key: "\(scope).weight", shape: [config.hiddenSize]),
            Shape(key: "\(scope).bias", shape: [config.hiddenSize]),
        ]
    }

    private static func linear(_ scope: String, from input: Int, to output: Int) -> [Shape] {
        [Shape(key: "\(scope).weight", shape: [output, input]), Shape(key: "\(scope).bias", shape: [output])]
    }
}
