import Checkpoints

/// The tensors of a checkpoint, each under the key that its parameter has here, checked against a configuration.
package struct CheckpointContents: Sendable {
    /// Where each parameter comes from, by its key in `BertParameters`.
    package let tensors: [String: TensorView]
    /// The parameters that the checkpoint doesn't have and that must be drawn anew: those of the head, or none.
    package let newKeys: [String]
    /// The checkpoint's names that question answering has no use for, sorted.
    package let ignoredNames: [String]

    /// Finds the parameters of `config` in `weights`.
    ///
    /// - Throws: `CheckpointError` of kind `.mismatch` that lists up to ten keys of each sort: missing (all but the head's),
    ///   unexpected, of another shape, of another element type than a floating-point one, or there under two names.
    package init(_ weights: ModelWeights, config: BertConfig) throws(CheckpointError) {
        var found: [String: TensorView] = [:]
        var names: [String: String] = [:]
        var ignored: [String] = []
        var twice: [String] = []
        for name in weights.names {
            guard let key = CheckpointKeys.canonical(name) else {
                ignored.append(name)
                continue
            }
            if let other = names[key] { twice.append("\(key) (as \(other) and \(name))") }
            names[key] = name
            found[key] = weights[name]
        }
        let shapes = BertParameters.shapes(config)
        let known = Set(shapes.map(\.key))
        let absentHead = BertParameters.headKeys.filter { found[$0] == nil }
        newKeys = absentHead.count == BertParameters.headKeys.count ? absentHead : []
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
                message: "the weights don't fit the configuration; " + complaints.joined(separator: "; "))
        }
        tensors = found
        ignoredNames = ignored.sorted()
    }

    private static func reshaped(_ found: [String: TensorView], _ shapes: [BertParameters.Shape]) -> [String] {
        shapes.compactMap { parameter in
            guard let tensor = found[parameter.key], tensor.shape != parameter.shape else { return nil }
            return "\(parameter.key) (\(tensor.shape) instead of \(parameter.shape))"
        }
    }

    private static func mistyped(_ found: [String: TensorView], _ shapes: [BertParameters.Shape]) -> [String] {
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
