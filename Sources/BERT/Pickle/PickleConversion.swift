import Foundation
import StrictJSON

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Converts weights that `torch.save` pickled, `pytorch_model.bin`, to `model.safetensors`. No code of the pickle is run.
package enum PickleConversion {
    /// The pickled weights of a model directory, if it has any: one file, or the index of several.
    package static func pickle(in directory: String) -> String? {
        ["pytorch_model.bin", "pytorch_model.bin.index.json"].first {
            FileManager.default.fileExists(atPath: "\(directory)/\($0)")
        }
    }

    /// Writes `model.safetensors` beside the pickled weights of a directory; it appears whole or not at all.
    ///
    /// - Throws: `ModelError` that names the file: not a zip archive of `torch.save`, damaged, or nothing in it is a tensor.
    package static func convert(directory: String) throws(ModelError) {
        guard let name = pickle(in: directory) else {
            throw ModelError(path: directory, kind: .missing, message: "there is no pytorch_model.bin")
        }
        let names = name.hasSuffix(".json") ? try readIndex("\(directory)/\(name)").files : [name]
        var tensors: [String: PickledTensor] = [:]
        for name in names {
            for tensor in try PickledTensor.all(in: ZipArchive(path: "\(directory)/\(name)")) {
                tensors[tensor.name] = tensor
            }
        }
        let target = "\(directory)/model.safetensors"
        let temporary = "\(target).\(getpid()).partial"
        do throws(ModelError) {
            try write(tensors, to: temporary)
            guard rename(temporary, target) == 0 else {
                throw ModelError(path: target, kind: .unwritable, message: String(cString: strerror(errno)))
            }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func write(_ tensors: [String: PickledTensor], to path: String) throws(ModelError) {
        do {
            var writer = try SafetensorsWriter(path: path, tensors: tensors.values.map(\.description))
            for description in writer.order {
                guard let tensor = tensors[description.name] else { continue }
                let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.byteCount, alignment: 8)
                defer { bytes.deallocate() }
                try tensor.copyBytes(to: bytes)
                try writer.append(UnsafeRawBufferPointer(bytes))
            }
            try writer.finish()
        } catch let error as ModelError {
            throw error
        } catch let error as SafetensorsError {
            throw ModelError(
                path: path, kind: error.rule == .unwritable ? .unwritable : .invalid, message: error.detail)
        } catch {
            throw ModelError(path: path, kind: .unwritable, message: "\(error)")
        }
    }
}

/// A named tensor in an archive of `torch.save`.
private struct PickledTensor {
    let name: String
    let tensor: PickleValue.Tensor
    let archive: ZipArchive
    let entry: String

    var description: TensorDescription {
        TensorDescription(name: name, elementType: tensor.storage.elementType, shape: tensor.shape)
    }

    /// The tensors of a state dict.
    static func all(in archive: ZipArchive) throws(ModelError) -> [PickledTensor] {
        guard let pickle = archive.names.first(where: { $0.hasSuffix("/data.pkl") }) else {
            throw ModelError(
                path: archive.path, kind: .invalid,
                message: "the archive has no data.pkl, so torch.save did not write it")
        }
        let folder = pickle.dropLast("data.pkl".count)
        try checkByteOrder(archive, "\(folder)byteorder")
        try archive.verify(pickle)
        let value = try archive.withBytes(pickle) { bytes throws(ModelError) in
            try PickleMachine.read(bytes, path: archive.path)
        }
        guard case .dictionary(let members) = value else {
            throw ModelError(path: archive.path, kind: .invalid, message: "it holds no dictionary of tensors")
        }
        var result: [PickledTensor] = []
        var size = 0
        var verified: Set<String> = []
        for (key, value) in members {
            guard let name = key.string, case .tensor(let tensor) = value else { continue }
            let entry = "\(folder)data/\(tensor.storage.key)"
            let width = tensor.storage.elementType.bitCount / 8
            guard let stored = archive.byteCount(entry), stored / width == tensor.storage.count else {
                throw ModelError(path: archive.path, kind: .invalid, message: "the numbers of '\(name)' are not in it")
            }
            if verified.insert(entry).inserted { try archive.verify(entry) }
            result.append(PickledTensor(name: name, tensor: tensor, archive: archive, entry: entry))
            // Tied weights are there once and written once for each name; more than that is a bomb.
            size += tensor.count * width
            guard size <= 8 * archive.byteCount else {
                throw ModelError(
                    path: archive.path, kind: .invalid, message: "its tensors are far larger than the file")
            }
        }
        guard !result.isEmpty else {
            throw ModelError(path: archive.path, kind: .invalid, message: "it holds no tensors")
        }
        return result
    }

    private static func checkByteOrder(_ archive: ZipArchive, _ entry: String) throws(ModelError) {
        guard archive.byteCount(entry) != nil else { return }
        let order = try archive.withBytes(entry) { String(decoding: $0, as: UTF8.self) }
        guard order == "little" else {
            throw ModelError(path: archive.path, kind: .unsupported, message: "its byte order is '\(order)'")
        }
    }

    private var width: Int { tensor.storage.elementType.bitCount / 8 }

    /// The bytes of its elements.
    var byteCount: Int { tensor.count * width }

    /// Copies the elements, row-major, to `target` of `byteCount` bytes.
    func copyBytes(to target: UnsafeMutableRawBufferPointer) throws(ModelError) {
        guard tensor.count > 0 else { return }
        try archive.withBytes(entry) { stored throws(ModelError) in
            if tensor.isContiguous {
                target.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: stored[(tensor.offset * width)...].prefix(byteCount)))
                return
            }
            var index = Array(repeating: 0, count: tensor.shape.count)
            for place in 0..<tensor.count {
                let element = tensor.offset + zip(index, tensor.strides).reduce(0) { $0 + $1.0 * $1.1 }
                for byte in 0..<width { target[place * width + byte] = stored[element * width + byte] }
                advance(&index)
            }
        }
    }

    /// Goes to the next element, the last dimension first.
    private func advance(_ index: inout [Int]) {
        for dimension in index.indices.reversed() {
            index[dimension] += 1
            if index[dimension] < tensor.shape[dimension] { return }
            index[dimension] = 0
        }
    }
}
