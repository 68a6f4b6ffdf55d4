/// The element types of the safetensors format, in the order that its own library sorts tensors by: smaller first.
package enum ElementType: String, Sendable, Hashable, CaseIterable, Comparable {
    case bool = "BOOL"
    case float4 = "F4"
    case float6E2M3 = "F6_E2M3"
    case float6E3M2 = "F6_E3M2"
    case uint8 = "U8"
    case int8 = "I8"
    case float8E5M2 = "F8_E5M2"
    case float8E4M3 = "F8_E4M3"
    case float8E8M0 = "F8_E8M0"
    case float8E4M3FNUZ = "F8_E4M3FNUZ"
    case float8E5M2FNUZ = "F8_E5M2FNUZ"
    case int16 = "I16"
    case uint16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case uint32 = "U32"
    case float32 = "F32"
    case complex64 = "C64"
    case float64 = "F64"
    case int64 = "I64"
    case uint64 = "U64"

    /// The width of one element in bits; the four and six bit floats are packed without gaps.
    package var bitCount: Int {
        switch self {
        case .float4: 4
        case .float6E2M3, .float6E3M2: 6
        case .bool, .uint8, .int8: 8
        case .float8E5M2, .float8E4M3, .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ: 8
        case .int16, .uint16, .float16, .bfloat16: 16
        case .int32, .uint32, .float32: 32
        case .complex64, .float64, .int64, .uint64: 64
        }
    }

    /// The bytes that a tensor of this type and shape takes.
    ///
    /// - Returns: `nil` when a dimension is negative, when the product of the dimensions or of the bits overflows, or
    ///   when the bits don't fill whole bytes.
    package func byteCount(shape: [Int]) -> Int? {
        var bits = bitCount
        // Elements and bits overflow apart from a later zero, so that [2^62, 2^62, 0] is refused like in other readers.
        for dimension in shape {
            let (product, overflow) = bits.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { return nil }
            bits = product
        }
        return bits % 8 == 0 ? bits / 8 : nil
    }

    /// Whether the weights of a model can be read from this type: the floating-point types that convert to `float32`.
    package var isFloatingPoint: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        default: false
        }
    }

    /// Whether `left` comes before `right` in the order of the format's own library.
    package static func < (left: ElementType, right: ElementType) -> Bool {
        left.order < right.order
    }

    private var order: Int {
        Self.allCases.firstIndex(of: self) ?? 0
    }
}
