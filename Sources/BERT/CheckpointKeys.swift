/// The names that BERT's parameters have had in checkpoints, and the one that they have here.
package enum CheckpointKeys {
    /// The key of `BertParameters` that a name in a checkpoint stands for.
    ///
    /// A missing `bert.` prefix is added (files of the bare encoder have none), `gamma` and `beta` of files converted from
    /// TensorFlow become `weight` and `bias`.
    ///
    /// - Returns: `nil` for what question answering has no use for: the pooler, the heads of other tasks, position numbers.
    package static func canonical(_ name: String) -> String? {
        var parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
            String($0) ?? ""
        }
        switch parts.last {
        case "position_ids": return nil
        case "gamma": parts[parts.endIndex - 1] = "weight"
        case "beta": parts[parts.endIndex - 1] = "bias"
        default: break
        }
        let path = parts.first == "bert" ? parts.dropFirst() : parts[...]
        switch path.first {
        case "embeddings", "encoder": return (["bert"] + path).joined(separator: ".")
        case "pooler", "cls", "classifier": return nil
        default: return parts.joined(separator: ".")
        }
    }
}
