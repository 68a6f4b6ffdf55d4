import Checkpoints
import Files
import StrictJSON

extension EncoderConfig {
    /// The configuration as transformers loads it: the family's class for question answering in float32, the family's
    /// names of settings, the keys in sorted order.
    package func json() -> JSONValue {
        let page = family.page
        var members: [(String, JSONValue)] = [
            ("architectures", .array([.string("\(page.className)ForQuestionAnswering")])),
            ("model_type", .string(family.rawValue)),
            ("dtype", .string("float32")),
        ]
        members += page.constants.map { ($0.key, .string($0.value)) }
        members += page.fields.map { ($0.key, json(of: $0)) }
        members += noAnswerThreshold.map { [("no_answer_threshold", .double($0))] } ?? []
        members += confidence.map { [(ConfidenceCalibration.key, $0.json)] } ?? []
        members += keptMembers
        return .object(JSONObject(members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }))
    }

    private func json(of field: ConfigField) -> JSONValue {
        switch field {
        case .size(_, let property, _): .number(JSONNumber(self[keyPath: property]))
        case .dropout(_, let property, _): .number(JSONNumber(self[keyPath: property]))
        case .epsilon: .number(JSONNumber(layerNormEpsilon))
        case .deviation: .number(JSONNumber(initializerRange))
        case .activation: .string(hiddenActivation)
        case .padding: .number(JSONNumber(padTokenID))
        }
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
        return otherMembers.filter { !dropped.contains($0.0) }.map { ($0.0, $0.1) }
    }
}
