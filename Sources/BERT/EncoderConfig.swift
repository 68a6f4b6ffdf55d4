import Checkpoints
import StrictJSON

/// The shape of an encoder: `config.json` of a Hugging Face model directory.
///
/// A key that the file does not have gets the default that transformers has for the family. Keys that BertQA does not
/// use are kept and written back.
package struct EncoderConfig: Sendable, Hashable {
    /// What the model's weights and settings are called, and what is particular to it.
    package let family: EncoderFamily
    /// The number of tokens that have a vector, V.
    package var vocabSize = 0
    /// The width of a token's state, H.
    package var hiddenSize = 0
    /// The number of encoder layers.
    package var layerCount = 0
    /// The number of attention heads, N; divides `hiddenSize`.
    package var headCount = 0
    /// The width of the feed-forward network between its two layers.
    package var intermediateSize = 0
    /// The rows of the table of positions; `longestRow` says how many of them a row can use.
    package var maxPositionEmbeddings = 0
    /// The number of segment types: two, for question and context. With one, both get the same vector. 0 in a family
    /// without segments.
    package var typeVocabSize = 0
    /// The probability that dropout clears an element of a state, 0..<1.
    package var hiddenDropout = 0.0
    /// The probability that dropout clears an attention weight, 0..<1.
    package var attentionDropout = 0.0
    /// The probability that dropout clears an element of what the head reads, 0..<1; 0 in a family without this
    /// dropout.
    package var headDropout = 0.0
    /// What layer normalisation adds to the variance.
    package var layerNormEpsilon = 1e-12
    /// The activation of the feed-forward network: `gelu` or `gelu_python`, which are both the exact one.
    package var hiddenActivation = "gelu"
    /// The standard deviation that new weights are drawn with.
    package var initializerRange = 0.02
    /// The id of the padding token. BertQA never pads, but positions may begin behind it (`positions`).
    package var padTokenID = 0
    /// BertQA's own key, `no_answer_threshold`: a question that is more likely to have no answer than this, 0 to 1, is
    /// left unanswered; nil for a model that always answers. transformers keeps the key and ignores it.
    package var noAnswerThreshold: Double?
    /// BertQA's own key, `bertqa_confidence`: how logits become the probability that an answer is right; nil for a
    /// model that was not calibrated.
    package var confidence: ConfidenceCalibration?

    /// The file's other keys, in its order.
    package var otherMembers = JSONObject([])
    private var narrowSize: Int?

    /// The base model of a family: transformers' defaults.
    package init(family: EncoderFamily = .bert) {
        self.family = family
        for field in family.page.fields { field.reset(&self) }
    }

    /// Reads and checks `config.json` of a model directory.
    package init(directory: String) throws(CheckpointError) {
        let path = directory + "/config.json"
        try self.init(json: CheckpointFile.json(path), path: path)
    }
}

// MARK: - What follows from the settings

extension EncoderConfig {
    /// The width of one attention head, D.
    package var headSize: Int { hiddenSize / headCount }

    /// The width of the embeddings, E: `hiddenSize`, unless a family has a setting of its own for it.
    package var embeddingSize: Int {
        get { narrowSize ?? hiddenSize }
        set { narrowSize = newValue }
    }

    /// The threshold for no answer, to be compared with the model's own probability instead of the calibrated one.
    package var rawNoAnswerThreshold: Double? {
        noAnswerThreshold.map { confidence?.rawNoAnswerProbability($0) ?? $0 }
    }

    /// Whether a layer makes states of embeddings of another width.
    package var widensEmbeddings: Bool { embeddingSize != hiddenSize }

    /// Which positions the tokens of a row have.
    package var positions: PositionNumbering {
        family.page.positionsFollowPadding ? .afterPadding(id: padTokenID) : .fromZero
    }

    /// The longest row in tokens, special ones included.
    package var longestRow: Int { maxPositionEmbeddings - positions.first }
}
