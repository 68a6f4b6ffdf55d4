import Foundation

/// A tensor that the file stores. Its bytes are made when they are written, so that one of them at a time is in memory.
struct StoredTensor {
    typealias ElementType = ONNXTensorProto.DataType

    let name: String
    let type: ElementType
    /// Its dimensions, outermost first; empty for a scalar.
    let shape: [Int]
    /// The elements, little-endian and row-major.
    let bytes: () throws(ExportError) -> Data

    /// How many bytes there are.
    var byteCount: Int { shape.reduce(type.byteCount, *) }

    /// What the file says of the tensor, without its elements.
    var description: ONNXTensorProto {
        var tensor = ONNXTensorProto()
        tensor.name = name
        tensor.dataType = Int32(type.rawValue)
        tensor.dims = shape.map(Int64.init)
        return tensor
    }
}

extension ONNXTensorProto.DataType {
    /// The bytes of one element.
    var byteCount: Int {
        switch self {
        case .undefined: 0
        case .int8, .uint8: 1
        case .float16: 2
        case .float: 4
        case .int64: 8
        }
    }
}
