import Files
import Foundation

/// The tensors of a model directory, from one safetensors file or from several that an index names.
package struct ModelWeights: Sendable {
    /// The file that was opened: `model.safetensors`, or the index of its parts.
    package let path: String
    /// The names of all tensors, sorted.
    package let names: [String]

    private let files: [String: SafetensorsFile]
    private let parts: [SafetensorsFile]

    /// The tensor of that name, if there is one.
    package subscript(name: String) -> TensorView? { files[name]?[name] }

    /// Opens the weights of a model directory: `model.safetensors`, or the parts that `model.safetensors.index.json`
    /// names.
    ///
    /// - Throws: `CheckpointError` of kind `.missing` where there is neither, `.invalid` for files that are corrupt.
    package init(directory: String) throws(CheckpointError) {
        let file = "\(directory)/model.safetensors"
        let index = "\(file).index.json"
        if FileManager.default.fileExists(atPath: file) {
            try self.init(file: file)
        } else if FileManager.default.fileExists(atPath: index) {
            try self.init(index: index)
        } else if let pickle = PickleConversion.pickle(in: directory) {
            throw CheckpointError(
                path: directory, kind: .missing,
                message:
                    "there is no model.safetensors, only \(pickle), a Python pickle; `allow_pickle` converts it, and "
                    + "runs none of its code"
            )
        } else {
            throw CheckpointError(path: directory, kind: .missing, message: "there is no model.safetensors")
        }
    }

    /// Opens one safetensors file.
    package init(file path: String) throws(CheckpointError) {
        let file = try SafetensorsFile(path: path)
        self.path = path
        names = file.names.sorted()
        files = Dictionary(uniqueKeysWithValues: file.names.map { ($0, file) })
        parts = [file]
    }

    /// Opens the parts that an index names; they are beside it.
    package init(index path: String) throws(CheckpointError) {
        let index = try ShardedIndex(path: path)
        var parts: [String: SafetensorsFile] = [:]
        var files: [String: SafetensorsFile] = [:]
        for (name, part) in index.fileOfTensor {
            let partPath = PathParts.sibling(of: path, named: part)
            let file: SafetensorsFile
            if let opened = parts[part] { file = opened } else { file = try SafetensorsFile(path: partPath) }
            parts[part] = file
            guard file[name] != nil else {
                throw CheckpointError(
                    path: path, kind: .invalid, message: "tensor '\(name)' should be in \(part), but is not")
            }
            files[name] = file
        }
        self.path = path
        self.files = files
        self.parts = Array(parts.values)
        names = files.keys.sorted()
    }

    /// Checks that nobody has written to the files since they were opened.
    ///
    /// - Throws: `CheckpointError` of kind `.unreadable`.
    package func checkUnchanged() throws(CheckpointError) {
        for part in parts { try part.checkUnchanged() }
    }
}
