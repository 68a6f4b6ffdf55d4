import Checkpoints
import StrictJSON

/// The shape of a BERT: `config.json` of a Hugging Face model directory.
///
/// A key that the file does not have gets transformers' default, that of BERT-base. Keys that BertQA does not use are
/// kept and written back.
package struct EncoderConfig: Sendable, Hashable {
    /// The number of word pieces, V.
    package var vocabSize = 30522
    /// The width of a token's state, H.
    package var hiddenSize = 768
    /// The number of encoder layers.
    package var layerCount = 12
    /// The number of attention heads, N; divides `hiddenSize`.
    package var headCount = 12
    /// The width of the feed-forward network between its two layers.
    package var intermediateSize = 3072
    /// The longest row in tokens.
    package var maxPositionEmbeddings = 512
    /// The number of segment types: two, for question and context. With one, both get the same vector.
    package var typeVocabSize = 2
    /// The probability that dropout clears an element of a state, 0..<1.
    package var hiddenDropout = 0.1
    /// The probability that dropout clears an attention weight, 0..<1.
    package var attentionDropout = 0.1
    /// What layer normalisation adds to the variance.
    package var layerNormEpsilon = 1e-12
    /// The activation of the feed-forward network: `gelu` or `gelu_python`, which are both the exact one.
    package var hiddenActivation = "gelu"
    /// The standard deviation that new weights are drawn with.
    package var initializerRange = 0.02
    /// The id of the padding token. BertQA never pads; written back for others.
    package var padTokenID = 0
    /// BertQA's own key, `no_answer_threshold`: a question that is more likely to have no answer than this, 0 to 1, is
    /// left unanswered; nil for a model that always answers. transformers keeps the key and ignores it.
    package var noAnswerThreshold: Double?

    /// The file's other keys, in its order.
    var otherMembers = JSONObject([])

    /// The width of one attention head, D.
    package var headSize: Int { hiddenSize / headCount }

    /// BERT-base, uncased: transformers' defaults.
    package init() {}

    /// Reads and checks `config.json` of a model directory.
    package init(directory: String) throws(CheckpointError) {
        let path = directory + "/config.json"
        try self.init(json: CheckpointFile.json(path), path: path)
    }
}
