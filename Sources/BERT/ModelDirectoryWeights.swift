import StrictJSON

/// The tensors of a model directory, from one safetensors file or from several that an index names.
public struct ModelWeights: Sendable {
    /// The file that was asked for: `model.safetensors`, or the index of its parts.
    public let path: String
    /// The names of all tensors, sorted.
    public let names: [String]

    private let files: [String: SafetensorsFile]

    /// The tensor of that name, if there is one.
    public subscript(name: String) -> TensorView? { files[name]?[name] }

    /// Opens one safetensors file.
    public init(file path: String) throws(ModelError) {
        let file = try Self.open(path)
        self.path = path
        names = file.names.sorted()
        files = Dictionary(uniqueKeysWithValues: file.names.map { ($0, file) })
    }

    /// Opens the parts that `model.safetensors.index.json` names; they lie beside it.
    public init(index path: String, directory: String) throws(ModelError) {
        let map = try Self.weightMap(path)
        var parts: [String: SafetensorsFile] = [:]
        var files: [String: SafetensorsFile] = [:]
        for (name, value) in map {
            guard let part = value.string, !part.utf8.contains(UInt8(ascii: "/")), part != "..", part != "." else {
                throw ModelError(path: path, kind: .invalid, message: "'\(name)' isn't in a file beside the index")
            }
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

    private static func weightMap(_ path: String) throws(ModelError) -> JSONObject {
        let value = try readJSON(path)
        guard let map = value.object?["weight_map"]?.object else {
            throw ModelError(path: path, kind: .invalid, message: "an object 'weight_map' was expected")
        }
        return map
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
