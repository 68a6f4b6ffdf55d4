import Checkpoints

extension EncoderConfig {
    /// Checks the values, whether they were read or set by a program.
    ///
    /// - Throws: `CheckpointError` of kind `.invalid` or `.unsupported` that names the key as `config.json` spells it.
    package func validate(path: String) throws(CheckpointError) {
        func invalid(_ message: String) -> CheckpointError {
            CheckpointError(path: path, kind: .invalid, message: message)
        }
        for field in family.page.fields {
            if let message = complaint(about: field) { throw invalid(message) }
        }
        guard Self.exactGELU.contains(hiddenActivation) else {
            let key = family.page.fields.first { if case .activation = $0 { true } else { false } }?.key ?? ""
            throw CheckpointError(
                path: path, kind: .unsupported,
                message:
                    "'\(key)' is '\(hiddenActivation)'; BertQA computes 'gelu' only, the activation of the original "
                    + "BERT")
        }
        let key = family.page.key
        guard hiddenSize % headCount == 0 else {
            throw invalid(
                "'\(key(\.hiddenSize))' \(hiddenSize) cannot be divided by '\(key(\.headCount))' \(headCount)")
        }
        guard longestRow > 0 else {
            throw invalid(
                "'\(key(\.maxPositionEmbeddings))' is \(maxPositionEmbeddings), but positions begin at "
                    + "\(positions.first), after the padding's")
        }
        if let noAnswerThreshold, !(0...1).contains(noAnswerThreshold) {
            throw invalid("'no_answer_threshold' is \(noAnswerThreshold); expected a probability from 0 to 1")
        }
        try confidence?.validate(path: path)
    }

    private func complaint(about field: ConfigField) -> String? {
        switch field {
        case .size(let key, let property, _):
            let (value, limit) = (self[keyPath: property], Self.limit(property))
            return (1...limit).contains(value) ? nil : "'\(key)' is \(value); expected 1 to \(limit)"
        case .dropout(let key, let property, _):
            let value = self[keyPath: property]
            return (0..<1).contains(value) ? nil : "'\(key)' is \(value); expected a number from 0 to below 1"
        case .epsilon(let key, _):
            return layerNormEpsilon > 0 && layerNormEpsilon <= 1
                ? nil : "'\(key)' is \(layerNormEpsilon); expected a positive number up to 1"
        case .deviation(let key, _):
            return (0...1).contains(initializerRange)
                ? nil : "'\(key)' is \(initializerRange); expected a positive number up to 1"
        case .padding(let key, _):
            return (0..<vocabSize).contains(padTokenID)
                ? nil : "'\(key)' \(padTokenID) is not in a vocabulary of \(vocabSize)"
        case .activation:
            return nil
        }
    }

    /// The largest value of a size that is believed.
    private static func limit(_ property: KeyPath<EncoderConfig, Int>) -> Int {
        switch property {
        case \.vocabSize: 10_000_000
        case \.layerCount, \.typeVocabSize: 1_000
        case \.intermediateSize, \.maxPositionEmbeddings: 1_000_000
        default: 65_536
        }
    }

    /// The names that transformers has for the exact GELU.
    private static let exactGELU: Set<String> = ["gelu", "gelu_python"]
}
