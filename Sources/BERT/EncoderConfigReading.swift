import Checkpoints
import StrictJSON

extension EncoderConfig {
    /// Reads and checks a configuration; `path` is only for errors.
    package init(json: JSONValue, path: String) throws(CheckpointError) {
        guard let object = json.object else {
            throw CheckpointError(path: path, kind: .invalid, message: "expected a JSON object")
        }
        let reader = ConfigReader(object: object, path: path)
        try reader.checkArchitecture()
        try reader.checkOptions()
        self.init()
        vocabSize = try reader.size("vocab_size", vocabSize)
        hiddenSize = try reader.size("hidden_size", hiddenSize)
        layerCount = try reader.size("num_hidden_layers", layerCount)
        headCount = try reader.size("num_attention_heads", headCount)
        intermediateSize = try reader.size("intermediate_size", intermediateSize)
        maxPositionEmbeddings = try reader.size("max_position_embeddings", maxPositionEmbeddings)
        typeVocabSize = try reader.size("type_vocab_size", typeVocabSize)
        hiddenDropout = try reader.number("hidden_dropout_prob", hiddenDropout)
        attentionDropout = try reader.number("attention_probs_dropout_prob", attentionDropout)
        layerNormEpsilon = try reader.number("layer_norm_eps", layerNormEpsilon)
        initializerRange = try reader.number("initializer_range", initializerRange)
        padTokenID = try reader.size("pad_token_id", padTokenID)
        hiddenActivation = object["hidden_act"]?.string ?? hiddenActivation
        noAnswerThreshold = try reader.number("no_answer_threshold")
        otherMembers = JSONObject(object.filter { !Self.ownKeys.contains($0.0) })
        try validate(path: path)
    }

    /// Checks the values, whether they were read or set by a program.
    ///
    /// - Throws: `CheckpointError` of kind `.invalid` or `.unsupported` that names the key as `config.json` spells it.
    package func validate(path: String) throws(CheckpointError) {
        let sizes = [
            ("vocab_size", vocabSize, 10_000_000), ("hidden_size", hiddenSize, 65_536),
            ("num_hidden_layers", layerCount, 1_000), ("num_attention_heads", headCount, 65_536),
            ("intermediate_size", intermediateSize, 1_000_000),
            ("max_position_embeddings", maxPositionEmbeddings, 1_000_000), ("type_vocab_size", typeVocabSize, 1_000),
        ]
        for (key, value, limit) in sizes where !(1...limit).contains(value) {
            throw CheckpointError(
                path: path, kind: .invalid, message: "'\(key)' is \(value); expected 1 to \(limit)")
        }
        guard hiddenSize % headCount == 0 else {
            throw CheckpointError(
                path: path, kind: .invalid,
                message: "'hidden_size' \(hiddenSize) cannot be divided by 'num_attention_heads' \(headCount)")
        }
        guard Self.exactGELU.contains(hiddenActivation) else {
            throw CheckpointError(
                path: path, kind: .unsupported,
                message:
                    "'hidden_act' is '\(hiddenActivation)'; BertQA computes 'gelu' only, the activation of the "
                    + "original BERT"
            )
        }
        for (key, value) in [
            ("hidden_dropout_prob", hiddenDropout), ("attention_probs_dropout_prob", attentionDropout),
        ] where !(0..<1).contains(value) {
            throw CheckpointError(
                path: path, kind: .invalid, message: "'\(key)' is \(value); expected a number from 0 to below 1")
        }
        for (key, value, least) in [
            ("layer_norm_eps", layerNormEpsilon, Double.leastNonzeroMagnitude),
            ("initializer_range", initializerRange, 0),
        ] where !(least...1).contains(value) {
            throw CheckpointError(
                path: path, kind: .invalid, message: "'\(key)' is \(value); expected a positive number up to 1")
        }
        if let noAnswerThreshold, !(0...1).contains(noAnswerThreshold) {
            throw CheckpointError(
                path: path, kind: .invalid,
                message: "'no_answer_threshold' is \(noAnswerThreshold); expected a probability from 0 to 1")
        }
        guard (0..<vocabSize).contains(padTokenID) else {
            throw CheckpointError(
                path: path, kind: .invalid,
                message: "'pad_token_id' \(padTokenID) is not in a vocabulary of \(vocabSize)")
        }
    }

    /// The names that transformers has for the exact GELU.
    private static let exactGELU: Set<String> = ["gelu", "gelu_python"]

    /// The keys that have a property, or that writing sets anew.
    static let ownKeys: Set<String> = [
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings", "type_vocab_size", "hidden_dropout_prob", "attention_probs_dropout_prob",
        "layer_norm_eps", "hidden_act", "initializer_range", "pad_token_id", "architectures", "model_type", "dtype",
        "torch_dtype", "position_embedding_type", "no_answer_threshold",
    ]
}

/// Typed access to the keys; its errors name them.
private struct ConfigReader {
    let object: JSONObject
    let path: String

    func invalid(_ message: String) -> CheckpointError {
        CheckpointError(path: path, kind: .invalid, message: message)
    }

    func unsupported(_ message: String) -> CheckpointError {
        CheckpointError(path: path, kind: .unsupported, message: message)
    }

    /// A key's value; `nil` where it is absent or `null`.
    func value(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    /// `model_type` decides, as in transformers. Files from before 2020 do not have it: there `architectures` decides,
    /// which the oldest do not have either; those are read as BERT, and the names of the weights will show whether they
    /// are.
    func checkArchitecture() throws(CheckpointError) {
        if let type = value("model_type") {
            guard type.string == "bert" else {
                let name = type.string ?? type.serialized(pretty: false, sortedKeys: false)
                throw unsupported("'model_type' is '\(name)'; BertQA reads models of type 'bert'")
            }
            return
        }
        guard let names = value("architectures")?.array?.compactMap(\.string), !names.isEmpty else { return }
        guard names.contains(where: { $0.hasPrefix("Bert") && !$0.hasPrefix("BertGeneration") }) else {
            throw unsupported(
                "there is no 'model_type', and 'architectures' is \(names.joined(separator: ", ")); BertQA reads BERT "
                    + "models such as BertModel or BertForMaskedLM")
        }
    }

    func checkOptions() throws(CheckpointError) {
        if let activation = value("hidden_act") {
            guard activation.string != nil else { throw invalid("'hidden_act' is not a string") }
        }
        if let positions = value("position_embedding_type"), positions.string != "absolute" {
            let name = positions.string ?? positions.serialized(pretty: false, sortedKeys: false)
            throw unsupported("'position_embedding_type' is '\(name)'; BertQA computes 'absolute' only")
        }
        for key in ["is_decoder", "add_cross_attention"] where value(key)?.bool == true {
            throw unsupported("'\(key)' is true; BertQA computes encoders only")
        }
        guard value("quantization_config") == nil else {
            throw unsupported("'quantization_config' is set; BertQA reads weights that are not quantised")
        }
    }

    /// A whole number; its limits are checked by `validate`.
    func size(_ key: String, _ standard: Int) throws(CheckpointError) -> Int {
        guard let value = value(key) else { return standard }
        guard let size = value.int else { throw invalid("'\(key)' is not a whole number") }
        return size
    }

    func number(_ key: String, _ standard: Double) throws(CheckpointError) -> Double {
        try number(key) ?? standard
    }

    func number(_ key: String) throws(CheckpointError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double else { throw invalid("'\(key)' is not a number") }
        return number
    }
}
