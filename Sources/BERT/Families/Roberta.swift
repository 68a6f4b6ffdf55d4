// RoBERTa: Liu et al. 2019, arXiv:1907.11692; XLM-RoBERTa: Conneau et al. 2019, arXiv:1911.02116; CamemBERT: Martin et
// al. 2019, arXiv:1911.03894. BERT whose positions begin behind the padding's id, so that 514 positions are 512 tokens.
// Their tokenizers put every token into segment 0.

extension FamilyPage {
    /// - Source: transformers 5.23.0, models/roberta/configuration_roberta.py#L25, modeling_roberta.py;
    ///   `RobertaEmbeddings`, #L56
    static let roberta = roberta("RoBERTa", "Roberta", vocabulary: 50265)
    /// - Source: transformers 5.23.0, models/xlm_roberta/configuration_xlm_roberta.py#L25, modeling_xlm_roberta.py
    static let xlmRoberta = roberta("XLM-RoBERTa", "XLMRoberta", vocabulary: 30522)
    /// - Source: transformers 5.23.0, models/camembert/configuration_camembert.py#L25, modeling_camembert.py
    static let camembert = roberta("CamemBERT", "Camembert", vocabulary: 30522)

    private static func roberta(_ title: String, _ className: String, vocabulary: Int) -> FamilyPage {
        FamilyPage(
            title: title, className: className, scope: "roberta",
            fields: [
                .size("vocab_size", \.vocabSize, vocabulary),
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
                .padding("pad_token_id", 1),
            ],
            positionsFollowPadding: true, layers: "encoder.layer", layer: .bert,
            unused: ["pooler", "lm_head", "classifier"])
    }
}
