import Checkpoints
import Files
import StrictJSON

extension EncoderConfig {
    /// The configuration as transformers loads it: `BertForQuestionAnswering` in float32, the keys in sorted order.
    package func json() -> JSONValue {
        let own: [(String, JSONValue)] = [
            ("architectures", .array([.string("BertForQuestionAnswering")])),
            ("model_type", .string("bert")),
            ("dtype", .string("float32")),
            ("position_embedding_type", .string("absolute")),
            ("vocab_size", .number(JSONNumber(vocabSize))),
            ("hidden_size", .number(JSONNumber(hiddenSize))),
            ("num_hidden_layers", .number(JSONNumber(layerCount))),
            ("num_attention_heads", .number(JSONNumber(headCount))),
            ("intermediate_size", .number(JSONNumber(intermediateSize))),
            ("max_position_embeddings", .number(JSONNumber(maxPositionEmbeddings))),
            ("type_vocab_size", .number(JSONNumber(typeVocabSize))),
            ("hidden_dropout_prob", .number(JSONNumber(hiddenDropout))),
            ("attention_probs_dropout_prob", .number(JSONNumber(attentionDropout))),
            ("layer_norm_eps", .number(JSONNumber(layerNormEpsilon))),
            ("hidden_act", .string(hiddenActivation)),
            ("initializer_range", .number(JSONNumber(initializerRange))),
            ("pad_token_id", .number(JSONNumber(padTokenID))),
        ]
        let threshold = noAnswerThreshold.map { [("no_answer_threshold", JSONValue.double($0))] } ?? []
        let members = own + threshold + keptMembers.map { ($0.0, $0.1) }
        return .object(JSONObject(members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }))
    }

    /// Writes `config.json` into an existing directory; it appears whole or not at all.
    package func write(toDirectory directory: String) throws(CheckpointError) {
        let path = directory + "/config.json"
        do {
            try DurableFiles.write(json().serialized(pretty: true, sortedKeys: false) + "\n", to: path)
        } catch {
            throw CheckpointError(path: path, kind: .unwritable, message: error.message)
        }
    }

    /// The other keys, without the labels of a classifier: transformers would make a row of `qa_outputs` for each of
    /// them, but a question-answering head has two, start and end.
    private var keptMembers: [(String, JSONValue)] {
        let labels = otherMembers["id2label"]?.object?.count ?? 2
        let number = otherMembers["num_labels"]?.int ?? 2
        let dropped: Set<String> = labels == 2 && number == 2 ? [] : ["id2label", "label2id", "num_labels"]
        return otherMembers.filter { !dropped.contains($0.0) }
    }
}
