// ELECTRA: Clark et al. 2020, arXiv:2003.10555. BERT whose embeddings may be narrower than the states: a layer widens
// them.

extension FamilyPage {
    /// The discriminator is what is fine-tuned. The generator's encoder loads too, as in transformers; its head is none
    /// of the names in `unused`, so that a warning names it.
    ///
    /// - Source: transformers 5.23.0, models/electra/configuration_electra.py#L25, modeling_electra.py; `ElectraModel`,
    ///   #L545
    static let electra = FamilyPage(
        title: "ELECTRA", className: "Electra", scope: "electra",
        fields: [
            .size("vocab_size", \.vocabSize, 30522),
            .size("embedding_size", \.embeddingSize, 128),
            .size("hidden_size", \.hiddenSize, 256),
            .size("num_hidden_layers", \.layerCount, 12),
            .size("num_attention_heads", \.headCount, 4),
            .size("intermediate_size", \.intermediateSize, 1024),
            .activation("hidden_act"),
            .dropout("hidden_dropout_prob", \.hiddenDropout, 0.1),
            .dropout("attention_probs_dropout_prob", \.attentionDropout, 0.1),
            .size("max_position_embeddings", \.maxPositionEmbeddings, 512),
            .size("type_vocab_size", \.typeVocabSize, 2),
            .deviation("initializer_range", 0.02),
            .epsilon("layer_norm_eps", 1e-12),
            .padding("pad_token_id", 0),
        ],
        projection: "embeddings_project", layers: "encoder.layer", layer: .bert,
        unused: ["discriminator_predictions", "sequence_summary", "classifier"])
}
