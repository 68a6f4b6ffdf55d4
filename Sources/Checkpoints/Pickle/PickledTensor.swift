import Files

/// A named tensor of a state dict that `torch.save` wrote.
package struct PickledTensor {
    /// The name in the state dict.
    package let name: String
    private let tensor: PickleValue.Tensor
    private let file: MappedFile
    private let block: Range<Int>

    /// Its name, element type and shape.
    package var description: TensorDescription {
        TensorDescription(name: name, elementType: tensor.storage.elementType, shape: tensor.shape)
    }

    /// The bytes of its elements.
    package var byteCount: Int { tensor.byteCount }

    /// The tensors of the state dict in a file.
    ///
    /// - Throws: `CheckpointError` that names the file.
    package static func all(in path: String) throws(CheckpointError) -> [PickledTensor] {
        let saved = try TorchFile(path: path)
        func invalid(_ message: String) -> CheckpointError {
            CheckpointError(path: path, kind: .invalid, message: message)
        }
        guard let members = saved.object.dictionary else { throw invalid("it contains no dictionary of tensors") }
        var result: [PickledTensor] = []
        var size = 0
        for (key, value) in members {
            guard let name = key.string, case .tensor(let tensor) = value else { continue }
            // A later member of the same name replaces an earlier one, as in Python.
            guard let block = saved.storages[tensor.storage.key], block.count == tensor.storage.byteCount else {
                throw invalid("the numbers of '\(name)' are not in it")
            }
            result.append(PickledTensor(name: name, tensor: tensor, file: saved.file, block: block))
            // Tied weights are in the file once and are written once for each name; far more than that is a bomb.
            size += tensor.byteCount
            guard size <= 8 * saved.file.bytes.count else { throw invalid("its tensors are far larger than the file") }
        }
        guard !result.isEmpty else { throw invalid(emptiness(members)) }
        return result
    }

    /// What a dictionary without tensors is instead.
    private static func emptiness(_ members: [(key: PickleValue, value: PickleValue)]) -> String {
        let nested = members.first {
            $0.value.dictionary?.contains { if case .tensor = $0.value { true } else { false } } == true
        }
        guard let key = nested?.key.string else { return "it contains no tensors" }
        return "its tensors are one level down, under '\(key)': save that state dict by itself"
    }

    /// Copies the elements, row-major, to `target` of `byteCount` bytes.
    package func copyBytes(to target: UnsafeMutableRawBufferPointer) {
        file.withBytes { tensor.copyBytes(from: UnsafeRawBufferPointer(rebasing: $0[block]), to: target) }
    }
}
