import StrictJSON

/// The shape of a BERT: what `config.json` of a Hugging Face model directory says.
///
/// A field that the file lacks has transformers' default, BERT-base. Keys that BertQA has no use for are kept and written back.
public struct BertConfig: Sendable, Hashable {
    /// The number of word pieces, V.
    public var vocabSize = 30522
    /// The width of a token's state, H.
    public var hiddenSize = 768
    /// The number of encoder layers.
    public var layerCount = 12
    /// The number of attention heads, N; divides `hiddenSize`.
    public var headCount = 12
    /// The width of the feed-forward network between its two layers.
    public var intermediateSize = 3072
    /// The longest row in tokens.
    public var maxPositionEmbeddings = 512
    /// The number of segment types; two, for question and context.
    public var typeVocabSize = 2
    /// The probability that dropout clears an element of a state, 0..<1.
    public var hiddenDropout = 0.1
    /// The probability that dropout clears an attention weight, 0..<1.
    public var attentionDropout = 0.1
    /// What layer normalisation adds to the variance.
    public var layerNormEpsilon = 1e-12
    /// The activation of the feed-forward network; `gelu`, the exact one, is the only one that BertQA computes.
    public var hiddenActivation = "gelu"
    /// The standard deviation that new weights are drawn with.
    public var initializerRange = 0.02
    /// The id of the padding token. BertQA never pads; written back for others.
    public var padTokenID = 0
    /// BertQA's own key, `no_answer_threshold`: a question that is more likely to have no answer than this, 0 to 1, is left
    /// unanswered; nil for a model that always answers. transformers keeps the key and makes nothing of it.
    public var noAnswerThreshold: Double?

    /// The file's other keys, in its order.
    var otherMembers = JSONObject([])

    /// The width of one attention head, D.
    public var headSize: Int { hiddenSize / headCount }

    /// BERT-base, uncased: transformers' defaults.
    public init() {}

    /// Reads and checks `config.json` of a model directory.
    public init(directory: String) throws(ModelError) {
        let path = directory + "/config.json"
        let value = try readJSON(path)
        try self.init(json: value, path: path)
    }
}
