import Checkpoints
import Files
import Torch

extension TensorView {
    /// The tensor over the mapped file, without a copy where its data is aligned. It must not be changed in place.
    package func tensor() throws(TorchError) -> Tensor {
        guard let dtype = elementType.dtype else {
            throw TorchError(
                kind: .failed, operation: "load", operands: "\(elementType.rawValue)\(shape)",
                message: "weights of this element type cannot be used; save them as F32, F16 or BF16")
        }
        return try withBytes { bytes throws(TorchError) in
            if Int(bitPattern: bytes.baseAddress) % dtype.byteCount == 0 {
                return try Tensor.borrowing(bytes, shape: shape, dtype: dtype, owner: file)
            }
            return try Tensor.copying(bytes, shape: shape, dtype: dtype)
        }
    }
}

extension ElementType {
    /// The tensor type for weights stored like this; nil for types that are not floating-point numbers libtorch has.
    var dtype: DType? {
        switch self {
        case .float32: .float32
        case .float64: .float64
        case .float16: .float16
        case .bfloat16: .bfloat16
        default: nil
        }
    }
}

extension SafetensorsFile {
    /// Writes tensors in float32 to a file that appears whole or not at all.
    ///
    /// - Throws: `FileError`.
    package static func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws(FileError) {
        let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor) })
        let descriptions = tensors.map {
            TensorDescription(name: $0.name, elementType: .float32, shape: $0.tensor.shape)
        }
        try DurableFiles.replace(path) { file in
            var writer = try SafetensorsWriter(file: file, tensors: descriptions)
            for description in writer.order {
                guard let tensor = byName[description.name] else { continue }
                let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * tensor.count, alignment: 8)
                defer { bytes.deallocate() }
                try tensor.to(.float32).copyBytes(to: bytes)
                try writer.append(UnsafeRawBufferPointer(bytes))
            }
            try writer.finish()
        }
    }
}
