import Checkpoints

/// The tensors of a model directory, from one safetensors file or from several that an index names.
package struct ModelWeights: Sendable {
    /// The file that was asked for: `model.safetensors`, or the index of its parts.
    package let path: String
    /// The names of all tensors, sorted.
    package let names: [String]

    private let files: [String: SafetensorsFile]

    /// The tensor of that name, if there is one.
    package subscript(name: String) -> TensorView? { files[name]?[name] }

    /// Opens one safetensors file.
    package init(file path: String) throws(ModelError) {
        let file = try Self.open(path)
        self.path = path
        names = file.names.sorted()
        files = Dictionary(uniqueKeysWithValues: file.names.map { ($0, file) })
    }

    /// Opens the parts that `model.safetensors.index.json` names; they lie beside it.
    package init(index path: String, directory: String) throws(ModelError) {
        let index = try readIndex(path)
        var parts: [String: SafetensorsFile] = [:]
        var files: [String: SafetensorsFile] = [:]
        for (name, part) in index.fileOfTensor {
            let file: SafetensorsFile
            if let opened = parts[part] { file = opened } else { file = try Self.open("\(directory)/\(part)") }
            parts[part] = file
            guard file[name] != nil else {
                throw ModelError(
                    path: path, kind: .invalid, message: "tensor '\(name)' should be in \(part), but isn't")
            }
            files[name] = file
        }
        self.path = path
        self.files = files
        names = files.keys.sorted()
    }

    private static func open(_ path: String) throws(ModelError) -> SafetensorsFile {
        do {
            return try SafetensorsFile(path: path)
        } catch {
            let kind: ModelError.Kind =
                switch error.rule {
                case .missing: .missing
                case .unreadable: .unreadable
                default: .invalid
                }
            throw ModelError(path: path, kind: kind, message: error.detail)
        }
    }
}

/// The index of a model's weights.
func readIndex(_ path: String) throws(ModelError) -> ShardedIndex {
    do {
        return try ShardedIndex(path: path)
    } catch {
        let kind: ModelError.Kind =
            switch error.kind {
            case .missing: .missing
            case .unreadable: .unreadable
            case .invalid: .invalid
            }
        throw ModelError(path: error.path, kind: kind, message: error.message)
    }
}
