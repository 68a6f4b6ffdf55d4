import Files
import Foundation

/// Converts weights that `torch.save` pickled, `pytorch_model.bin`, to `model.safetensors`. No code of the pickle is
/// run.
package enum PickleConversion {
    /// The pickled weights of a model directory, if it has any: one file, or the index of several.
    package static func pickle(in directory: String) -> String? {
        ["pytorch_model.bin", "pytorch_model.bin.index.json"].first {
            FileManager.default.fileExists(atPath: "\(directory)/\($0)")
        }
    }

    /// Writes `model.safetensors` beside the pickled weights of a directory; it appears whole or not at all.
    ///
    /// - Throws: `CheckpointError` that names the file: `torch.save` did not write it, it is corrupt, or has no
    ///   tensors.
    package static func convert(directory: String) throws(CheckpointError) {
        guard let name = pickle(in: directory) else {
            throw CheckpointError(path: directory, kind: .missing, message: "there is no pytorch_model.bin")
        }
        let names = name.hasSuffix(".json") ? try ShardedIndex(path: "\(directory)/\(name)").files : [name]
        var tensors: [String: PickledTensor] = [:]
        for name in names {
            for tensor in try PickledTensor.all(in: "\(directory)/\(name)") {
                tensors[tensor.name] = tensor
            }
        }
        let target = "\(directory)/model.safetensors"
        // What is wrong with the pickle is thrown as it is, not as an error of the file that is written.
        var failure: CheckpointError?
        do {
            try DurableFiles.replace(target) { file in
                do throws(CheckpointError) {
                    try write(tensors, to: file)
                } catch {
                    failure = error
                    throw error
                }
            }
        } catch {
            throw failure ?? CheckpointError(path: target, kind: .unwritable, message: error.message)
        }
    }

    private static func write(_ tensors: [String: PickledTensor], to file: FileOutput) throws(CheckpointError) {
        var writer = try SafetensorsWriter(file: file, tensors: tensors.values.map(\.description))
        for description in writer.order {
            guard let tensor = tensors[description.name] else { continue }
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.byteCount, alignment: 8)
            defer { bytes.deallocate() }
            tensor.copyBytes(to: bytes)
            try writer.append(UnsafeRawBufferPointer(bytes))
        }
        try writer.finish()
    }
}
