// BERT: Devlin et al. 2018, arXiv:1810.04805.

extension FamilyPage {
    /// - Source: transformers 5.23.0, models/bert/configuration_bert.py#L25, modeling_bert.py
    static let bert = FamilyPage(
        title: "BERT", className: "Bert", scope: "bert",
        fields: [
            .size("vocab_size", \.vocabSize, 30522),
            .size("hidden_size", \.hiddenSize, 768),
            .size("num_hidden_layers", \.layerCount, 12),
            .size("num_attention_heads", \.headCount, 12),
            .size("intermediate_size", \.intermediateSize, 3072),
            .activation("hidden_act"),
            .dropout("hidden_dropout_prob", \.hiddenDropout, 0.1),
            .dropout("attention_probs_dropout_prob", \.attentionDropout, 0.1),
            .size("max_position_embeddings", \.maxPositionEmbeddings, 512),
            .size("type_vocab_size", \.typeVocabSize, 2),
            .deviation("initializer_range", 0.02),
            .epsilon("layer_norm_eps", 1e-12),
            .padding("pad_token_id", 0),
        ],
        layers: "encoder.layer", layer: .bert, unused: ["pooler", "cls", "classifier"])
}

extension LayerNames {
    /// - Source: `BertLayer`, modeling_bert.py#L374
    static let bert = LayerNames(
        query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
        attentionOutput: "attention.output.dense", attentionNorm: "attention.output.LayerNorm",
        intermediate: "intermediate.dense", output: "output.dense", outputNorm: "output.LayerNorm")
}
