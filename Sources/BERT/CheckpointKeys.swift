/// The names that BERT's parameters have had in checkpoints.
package enum CheckpointKeys {
    /// What a name in a checkpoint stands for.
    package enum Role: Sendable, Hashable {
        /// The parameter of that key in `ModelParameters`.
        case parameter(String)
        /// A part of BERT that question answering does not use: the pooler, the heads of other tasks, position numbers.
        case unused
        /// None of BERT's names.
        case unknown
    }

    /// What a name stands for.
    ///
    /// A missing `bert.` prefix is added (files of the bare encoder do not have it), and `gamma` and `beta` of files
    /// converted from TensorFlow become `weight` and `bias`.
    /// - Source: `base_model_prefix` and `_fix_state_dict_key_on_load` of transformers' `modeling_utils.py`
    package static func role(of name: String) -> Role {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        switch parts.last {
        case "position_ids": return .unused
        case "gamma": parts[parts.endIndex - 1] = "weight"
        case "beta": parts[parts.endIndex - 1] = "bias"
        default: break
        }
        let path = parts.first == "bert" ? parts.dropFirst() : parts[...]
        switch path.first {
        case "embeddings", "encoder": return .parameter((["bert"] + path).joined(separator: "."))
        case "qa_outputs": return .parameter(parts.joined(separator: "."))
        case "pooler", "cls", "classifier": return .unused
        default: return .unknown
        }
    }
}
