// DistilBERT: Sanh et al. 2019, arXiv:1910.01108. No segments, an epsilon that is no setting, and dropout before the
// head.

extension FamilyPage {
    /// `sinusoidal_pos_embds` says how the table of positions was made; the table is in the weights either way.
    ///
    /// - Source: transformers 5.23.0, models/distilbert/configuration_distilbert.py#L24, modeling_distilbert.py
    static let distilBert = FamilyPage(
        title: "DistilBERT", className: "DistilBert", scope: "distilbert",
        fields: [
            .size("vocab_size", \.vocabSize, 30522),
            .size("max_position_embeddings", \.maxPositionEmbeddings, 512),
            .size("n_layers", \.layerCount, 6),
            .size("n_heads", \.headCount, 12),
            .size("dim", \.hiddenSize, 768),
            .size("hidden_dim", \.intermediateSize, 3072),
            .dropout("dropout", \.hiddenDropout, 0.1),
            .dropout("attention_dropout", \.attentionDropout, 0.1),
            .activation("activation"),
            .deviation("initializer_range", 0.02),
            .dropout("qa_dropout", \.headDropout, 0.1),
            .padding("pad_token_id", 0),
        ],
        aliases: ["hidden_size": "dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers"],
        constants: [:],
        layers: "transformer.layer", layer: .distilBert,
        unused: ["vocab_transform", "vocab_layer_norm", "vocab_projector", "pre_classifier", "classifier"])
}

extension LayerNames {
    /// - Source: `TransformerBlock`, modeling_distilbert.py#L226
    static let distilBert = LayerNames(
        query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
        attentionOutput: "attention.out_lin", attentionNorm: "sa_layer_norm",
        intermediate: "ffn.lin1", output: "ffn.lin2", outputNorm: "output_layer_norm")
}
