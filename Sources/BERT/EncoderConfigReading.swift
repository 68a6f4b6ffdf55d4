import Checkpoints
import StrictJSON

extension EncoderConfig {
    /// Reads and checks a configuration; `path` is only for errors.
    package init(json: JSONValue, path: String) throws(CheckpointError) {
        guard let object = json.object else {
            throw CheckpointError(path: path, kind: .invalid, message: "expected a JSON object")
        }
        let family = try ConfigReader(object: object, path: path, aliases: [:]).family()
        let page = family.page
        let reader = ConfigReader(object: object, path: path, aliases: page.aliases)
        try reader.checkOptions()
        self.init(family: family)
        for field in page.fields { try read(field, from: reader) }
        noAnswerThreshold = try reader.number("no_answer_threshold")
        confidence = try reader.confidence()
        let own = Self.ownKeys.union(page.fields.map(\.key)).union(page.aliases.keys)
        otherMembers = JSONObject(object.filter { !own.contains($0.0) })
        try validate(path: path)
    }

    private mutating func read(_ field: ConfigField, from reader: ConfigReader) throws(CheckpointError) {
        switch field {
        case .size(let key, let property, let standard): self[keyPath: property] = try reader.size(key) ?? standard
        case .dropout(let key, let property, let standard): self[keyPath: property] = try reader.number(key) ?? standard
        case .epsilon(let key, let standard): layerNormEpsilon = try reader.number(key) ?? standard
        case .deviation(let key, let standard): initializerRange = try reader.number(key) ?? standard
        case .padding(let key, let standard): padTokenID = try reader.size(key) ?? standard
        case .activation(let key): hiddenActivation = try reader.string(key) ?? hiddenActivation
        }
    }

    /// The keys that writing sets anew, besides those of the family.
    private static let ownKeys: Set<String> = [
        "architectures", "model_type", "dtype", "torch_dtype", "position_embedding_type", "no_answer_threshold",
        ConfidenceCalibration.key,
    ]
}

/// Typed access to the keys; its errors name them.
private struct ConfigReader {
    let object: JSONObject
    let path: String
    /// Keys that set another one, whether that is there or not, as in transformers.
    let aliases: [String: String]

    func invalid(_ message: String) -> CheckpointError {
        CheckpointError(path: path, kind: .invalid, message: message)
    }

    func unsupported(_ message: String) -> CheckpointError {
        CheckpointError(path: path, kind: .unsupported, message: message)
    }

    /// A key's value; `nil` if it is absent or `null`.
    func value(_ key: String) -> JSONValue? {
        if let alias = aliases.first(where: { $0.value == key })?.key, let value = object[alias], value != .null {
            return value
        }
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    /// `model_type` decides, as in transformers. Files from before 2020 do not have it: there `architectures` decides,
    /// which the oldest do not have either; those are read as BERT, and the names of the weights will show whether they
    /// are.
    func family() throws(CheckpointError) -> EncoderFamily {
        if let type = value("model_type") {
            guard let family = type.string.flatMap(EncoderFamily.init) else {
                let name = type.string ?? type.serialized(pretty: false, sortedKeys: false)
                throw unsupported("'model_type' is '\(name)'; BertQA reads \(EncoderFamily.list)")
            }
            return family
        }
        guard let names = value("architectures")?.array?.compactMap(\.string), !names.isEmpty else { return .bert }
        guard let family = EncoderFamily.allCases.first(where: { names.contains(where: $0.hasClass) }) else {
            throw unsupported(
                "there is no 'model_type', and 'architectures' is \(names.joined(separator: ", ")); BertQA reads "
                    + "\(EncoderFamily.list), whose classes are BertModel, RobertaForMaskedLM and the like")
        }
        return family
    }

    func checkOptions() throws(CheckpointError) {
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
    func size(_ key: String) throws(CheckpointError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let size = value.int else { throw invalid("'\(key)' is not a whole number") }
        return size
    }

    func number(_ key: String) throws(CheckpointError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double else { throw invalid("'\(key)' is not a number") }
        return number
    }

    func confidence() throws(CheckpointError) -> ConfidenceCalibration? {
        guard let value = value(ConfidenceCalibration.key) else { return nil }
        return try ConfidenceCalibration(json: value, path: path)
    }

    func string(_ key: String) throws(CheckpointError) -> String? {
        guard let value = value(key) else { return nil }
        guard let string = value.string else { throw invalid("'\(key)' is not a string") }
        return string
    }
}

extension EncoderFamily {
    /// Whether a class of that name is one of this family's: `RobertaModel` and `RobertaForMaskedLM`, but not
    /// `RobertaPreLayerNormModel`, which computes something else. Of BERT's time are also classes of people's own.
    fileprivate func hasClass(_ name: String) -> Bool {
        guard name.hasPrefix(page.className) else { return false }
        if self == .bert { return !name.hasPrefix("BertGeneration") }
        let rest = name.dropFirst(page.className.count)
        return ["Model", "For", "LMHead", "PreTrained"].contains(where: rest.hasPrefix)
    }
}
