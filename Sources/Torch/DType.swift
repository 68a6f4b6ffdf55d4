import CTorch

/// The element types of tensors.
package enum DType: String, Sendable, Hashable, CaseIterable {
    /// 32-bit floating point.
    case float32
    /// 64-bit floating point.
    case float64
    /// 16-bit floating point with the exponent of `float32`.
    case bfloat16
    /// IEEE 16-bit floating point.
    case float16
    /// 64-bit signed integers.
    case int64
    /// 32-bit signed integers.
    case int32
    /// 8-bit unsigned integers.
    case uint8
    /// Truth values, one byte each.
    case bool

    /// Bytes an element takes.
    package var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .bfloat16, .float16: 2
        case .uint8, .bool: 1
        }
    }

    var ct: CTDType {
        switch self {
        case .float32: CT_FLOAT32
        case .float64: CT_FLOAT64
        case .bfloat16: CT_BFLOAT16
        case .float16: CT_FLOAT16
        case .int64: CT_INT64
        case .int32: CT_INT32
        case .uint8: CT_UINT8
        case .bool: CT_BOOL
        }
    }

    init?(_ ct: CTDType) {
        guard let match = DType.allCases.first(where: { $0.ct == ct }) else { return nil }
        self = match
    }
}

/// A Swift type whose values a tensor can hold.
package protocol TensorElement: BitwiseCopyable, Sendable {
    /// The element type of such a tensor.
    static var dtype: DType { get }
}

extension Float: TensorElement {
    /// `float32`
    package static var dtype: DType { .float32 }
}
extension Double: TensorElement {
    /// `float64`
    package static var dtype: DType { .float64 }
}
extension Int64: TensorElement {
    /// `int64`
    package static var dtype: DType { .int64 }
}
extension Int32: TensorElement {
    /// `int32`
    package static var dtype: DType { .int32 }
}
extension UInt8: TensorElement {
    /// `uint8`
    package static var dtype: DType { .uint8 }
}
