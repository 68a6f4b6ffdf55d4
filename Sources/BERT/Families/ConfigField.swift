/// A setting of a family in `config.json`: its key, the property that it is, and the value where the file has none.
enum ConfigField: Sendable {
    /// A whole number of at least 1.
    case size(String, WritableKeyPath<EncoderConfig, Int> & Sendable, Int)
    /// A probability below 1.
    case dropout(String, WritableKeyPath<EncoderConfig, Double> & Sendable, Double)
    /// The `epsilon` of layer norms.
    case epsilon(String, Double)
    /// The standard deviation of new weights.
    case deviation(String, Double)
    /// The name of the activation.
    case activation(String)
    /// The id of the padding token.
    case padding(String, Int)

    /// The key in `config.json`.
    var key: String {
        switch self {
        case .size(let key, _, _), .dropout(let key, _, _), .epsilon(let key, _), .deviation(let key, _),
            .activation(let key), .padding(let key, _):
            key
        }
    }

    /// Gives the property its default.
    func reset(_ config: inout EncoderConfig) {
        switch self {
        case .size(_, let property, let standard): config[keyPath: property] = standard
        case .dropout(_, let property, let standard): config[keyPath: property] = standard
        case .epsilon(_, let standard): config.layerNormEpsilon = standard
        case .deviation(_, let standard): config.initializerRange = standard
        case .activation: config.hiddenActivation = "gelu"
        case .padding(_, let standard): config.padTokenID = standard
        }
    }
}
