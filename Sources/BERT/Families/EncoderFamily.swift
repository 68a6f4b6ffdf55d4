/// A family of encoders, as `model_type` in `config.json` names it.
///
/// All families compute what BERT computes. They differ in the names of weights and settings, in what a token's first
/// vector is made of, and in where positions begin; each has a page in this folder that says how.
package enum EncoderFamily: String, Sendable, Hashable, CaseIterable {
    case bert, distilbert, electra, roberta, camembert
    case xlmRoberta = "xlm-roberta"

    /// What is particular to the family.
    package var page: FamilyPage {
        switch self {
        case .bert: .bert
        case .distilbert: .distilBert
        case .electra: .electra
        case .roberta: .roberta
        case .xlmRoberta: .xlmRoberta
        case .camembert: .camembert
        }
    }

    /// The family's name in sentences: `DistilBERT`.
    package var title: String { page.title }

    /// All families as a sentence has them: `bert, distilbert, electra, roberta, camembert and xlm-roberta`.
    static var list: String {
        let names = allCases.map(\.rawValue)
        return names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }
}

/// What is particular to a family: a page to be read beside transformers' `configuration_*.py` and `modeling_*.py`.
package struct FamilyPage: Sendable {
    /// The name in sentences.
    let title: String
    /// How the names of transformers' classes begin: `DistilBert` for `DistilBertModel`.
    let className: String
    /// The key of the encoder in a model with a head: transformers' `base_model_prefix`.
    package let scope: String
    /// The settings of `config.json`, with transformers' defaults.
    let fields: [ConfigField]
    /// Keys that transformers reads as another one (`attribute_map`).
    var aliases: [String: String] = [:]
    /// Keys with the one value that BertQA computes; written, so that older versions of transformers see it too.
    var constants: [String: String] = ["position_embedding_type": "absolute"]
    /// Whether positions are counted from the padding's id + 1 on, not from 0.
    var positionsFollowPadding = false
    /// The key of the layer that widens the embeddings, in families whose embeddings may be narrower than the states.
    package var projection: String?
    /// The key of the list of layers.
    let layers: String
    /// The keys inside a layer.
    package let layer: LayerNames
    /// First parts of keys that question answering does not use: poolers, and heads of other tasks.
    let unused: Set<String>

    /// The key of a layer, in a model with a head.
    package func scope(ofLayer number: Int) -> String { "\(scope).\(layers).\(number)" }

    /// The key of a setting.
    func key(_ property: KeyPath<EncoderConfig, Int>) -> String {
        for case .size(let key, let path, _) in fields where path == property { return key }
        preconditionFailure("\(title) has no setting for this property")
    }
}

/// The keys of a layer's eight parts.
package struct LayerNames: Sendable {
    /// The projection to queries.
    package let query: String
    /// The projection to keys.
    package let key: String
    /// The projection to values.
    package let value: String
    /// The projection of what attention gives.
    package let attentionOutput: String
    /// The norm behind attention.
    package let attentionNorm: String
    /// The feed-forward network's first projection.
    package let intermediate: String
    /// The feed-forward network's second projection.
    package let output: String
    /// The norm behind the feed-forward network.
    package let outputNorm: String
}
