import Checkpoints

/// The tensors of a checkpoint under the keys of `ModelParameters`, checked against a configuration.
package struct CheckpointContents: Sendable {
    /// The tensor of each parameter, by its key in `ModelParameters`.
    package let tensors: [String: TensorView]
    /// The parameters that the checkpoint does not have and that must be drawn anew: those of the head, or none.
    package let newKeys: [String]
    /// The checkpoint's names for parts of the family's models that question answering does not use, sorted.
    package let unusedNames: [String]
    /// The checkpoint's names that are none of the family's, sorted: heads of other models, which transformers ignores
    /// as well.
    package let unknownNames: [String]

    /// Finds the parameters of `config` in `weights`.
    ///
    /// - Throws: `CheckpointError` of kind `.mismatch` that lists up to ten keys of each sort: missing (all but the
    ///   head's), unexpected, of another shape, of another element type than a floating-point one, or there under two
    ///   names.
    package init(_ weights: ModelWeights, config: EncoderConfig) throws(CheckpointError) {
        var found: [String: TensorView] = [:]
        var names: [String: String] = [:]
        var (unused, unknown, twice): ([String], [String], [String]) = ([], [], [])
        for name in weights.names {
            switch CheckpointKeys.role(of: name, in: config.family) {
            case .parameter(let key):
                if let other = names[key] { twice.append("\(key) (as \(other) and \(name))") }
                names[key] = name
                found[key] = weights[name]
            case .unused: unused.append(name)
            case .unknown: unknown.append(name)
            }
        }
        let shapes = ModelParameters.shapes(config)
        let known = Set(shapes.map(\.key))
        let absentHead = ModelParameters.headKeys.filter { found[$0] == nil }
        newKeys = absentHead.count == ModelParameters.headKeys.count ? absentHead : []
        let findings = [
            ("missing", shapes.map(\.key).filter { found[$0] == nil }.filter { [newKeys] in !newKeys.contains($0) }),
            ("unexpected", names.filter { !known.contains($0.key) }.map(\.value).sorted()),
            ("of another shape", Self.reshaped(found, shapes)),
            ("of another element type than a floating-point one", Self.mistyped(found, shapes)),
            ("present twice", twice.sorted()),
        ]
        let complaints = findings.filter { !$0.1.isEmpty }.map { "\($0.1.count) \($0.0): \(Self.list($0.1))" }
        guard complaints.isEmpty else {
            throw CheckpointError(
                path: weights.path, kind: .mismatch,
                message: "the weights do not fit the configuration; " + complaints.joined(separator: "; ")
                    + Self.advice(weights.names, config.family))
        }
        tensors = found
        unusedNames = unused
        unknownNames = unknown
    }

    /// What to do about names that PyTorch's wrappers change, or that are those of another family.
    private static func advice(_ names: [String], _ family: EncoderFamily) -> String {
        if names.allSatisfy({ $0.hasPrefix("module.") }) {
            return
                "; all its names begin with 'module.', which DataParallel adds: save the state dict of the model "
                + "inside, model.module"
        }
        guard let other = CheckpointKeys.family(of: names), other.page.scope != family.page.scope else { return "" }
        return
            "; its names are those of \(other.title), but config.json describes a \(family.title): write "
            + "\"model_type\": \"\(other.rawValue)\" there if the model is \(other.title)"
    }

    private static func reshaped(_ found: [String: TensorView], _ shapes: [ModelParameters.Shape]) -> [String] {
        shapes.compactMap { parameter in
            guard let tensor = found[parameter.key], tensor.shape != parameter.shape else { return nil }
            return "\(parameter.key) (\(tensor.shape) instead of \(parameter.shape))"
        }
    }

    private static func mistyped(_ found: [String: TensorView], _ shapes: [ModelParameters.Shape]) -> [String] {
        shapes.compactMap { parameter in
            guard let tensor = found[parameter.key], !tensor.elementType.isFloatingPoint else { return nil }
            return "\(parameter.key) (\(tensor.elementType.rawValue))"
        }
    }

    /// Up to ten keys, and how many more there are.
    private static func list(_ keys: [String]) -> String {
        let shown = keys.prefix(10).joined(separator: ", ")
        return keys.count > 10 ? "\(shown) and \(keys.count - 10) more" : shown
    }
}
