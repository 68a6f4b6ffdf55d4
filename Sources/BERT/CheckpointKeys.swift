/// The names that the parameters of a family have had in checkpoints.
package enum CheckpointKeys {
    /// What a name in a checkpoint stands for.
    package enum Role: Sendable, Hashable {
        /// The parameter of that key in `ModelParameters`.
        case parameter(String)
        /// A part of the family's models that question answering does not use: the pooler, the heads of other tasks,
        /// position numbers.
        case unused
        /// None of the family's names.
        case unknown
    }

    /// What a name stands for.
    ///
    /// The missing prefix of files of the bare encoder is added, and `gamma` and `beta` of files converted from
    /// TensorFlow become `weight` and `bias`.
    /// - Source: `base_model_prefix` of transformers' `modeling_utils.py`; `LayerNorm.gamma` in `conversion_mapping.py`
    package static func role(of name: String, in family: EncoderFamily = .bert) -> Role {
        let page = family.page
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        switch parts.last {
        case "position_ids": return .unused
        case "gamma": parts[parts.endIndex - 1] = "weight"
        case "beta": parts[parts.endIndex - 1] = "bias"
        default: break
        }
        let path = parts.first == page.scope ? parts.dropFirst() : parts[...]
        guard let first = path.first else { return .unknown }
        if first == "qa_outputs" { return .parameter(parts.joined(separator: ".")) }
        if page.parts.contains(first) { return .parameter(([page.scope] + path).joined(separator: ".")) }
        return page.unused.contains(first) ? .unused : .unknown
    }

    /// The family whose models have names that begin like these; nil if no name has the prefix of one.
    static func family(of names: [String]) -> EncoderFamily? {
        EncoderFamily.allCases.first { family in names.contains { $0.hasPrefix("\(family.page.scope).") } }
    }
}

extension FamilyPage {
    /// The first parts of the encoder's keys.
    fileprivate var parts: [String] {
        ["embeddings", layers.prefix { $0 != "." }.description] + (projection.map { [$0] } ?? [])
    }
}
