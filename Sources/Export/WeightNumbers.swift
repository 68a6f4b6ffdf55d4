import Checkpoints
import Foundation

/// The numbers of one parameter.
struct WeightNumbers {
    /// What messages call the parameter.
    let name: String
    let view: TensorView

    /// All of them in float32, row-major.
    ///
    /// - Throws: `ExportError` for numbers that are not finite.
    func floats() throws(ExportError) -> [Float] {
        let floats = view.withBytes { bytes -> [Float]? in
            switch view.elementType {
            case .float32: Self.widened(bytes) { (bits: UInt32) in Float(bitPattern: UInt32(littleEndian: bits)) }
            case .float16: Self.widened(bytes) { (bits: UInt16) in Self.half(UInt16(littleEndian: bits)) }
            case .bfloat16:
                Self.widened(bytes) { (bits: UInt16) in Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16) }
            case .float64:
                Self.widened(bytes) { (bits: UInt64) in Float(Double(bitPattern: UInt64(littleEndian: bits))) }
            default: nil
            }
        }
        view.releasePages()
        guard let floats else {
            throw ExportError(.model, "\(name): \(view.elementType.rawValue) is not an element type of weights")
        }
        guard floats.allSatisfy(\.isFinite) else {
            throw ExportError(.model, "\(name): a number is not finite; the model is broken, train it again")
        }
        return floats
    }

    private static func widened<Bits: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ number: (Bits) -> Float
    ) -> [Float] {
        let width = MemoryLayout<Bits>.size
        return [Float](unsafeUninitializedCapacity: bytes.count / width) { numbers, count in
            count = bytes.count / width
            for index in 0..<count {
                numbers.initializeElement(
                    at: index, to: number(bytes.loadUnaligned(fromByteOffset: index * width, as: Bits.self)))
            }
        }
    }

    /// A float16 by its bits.
    private static func half(_ bits: UInt16) -> Float { Float(Float16(bitPattern: bits)) }

    /// The bytes in a precision.
    ///
    /// - Parameter isTransposed: whether [O, I] is written as [I, O], as `MatMul` reads it.
    /// - Throws: `ExportError` also for numbers that are too large for float16.
    func bytes(_ precision: ExportOptions.Precision, isTransposed: Bool = false) throws(ExportError) -> Data {
        let floats = try isTransposed ? transposed(floats()) : floats()
        if precision == .fp32 { return floats.withUnsafeBufferPointer { Data(buffer: $0) } }
        let halves = floats.map { Float16($0) }
        guard halves.allSatisfy(\.isFinite) else {
            throw ExportError(
                .model, "\(name): a number is larger than float16 can hold; export with `precision` fp32")
        }
        return halves.withUnsafeBufferPointer { Data(buffer: $0) }
    }

    /// The scales by which the largest weight of each output becomes 127, [O].
    func scales() throws(ExportError) -> [Float] {
        let (floats, inputs) = (try floats(), view.shape[1])
        return (0..<view.shape[0]).map { output in
            let largest = floats[output * inputs..<(output + 1) * inputs].reduce(0) { max($0, abs($1)) }
            return largest > 0 ? largest / 127 : 1
        }
    }

    /// The weights as whole multiples of their output's scale, [I, O].
    func quantized() throws(ExportError) -> Data {
        let (floats, scales, inputs) = (try floats(), try scales(), view.shape[1])
        let rounded = floats.indices.map { index in
            let number = (floats[index] / scales[index / inputs]).rounded(.toNearestOrEven)
            return Int8(min(max(number, -127), 127))
        }
        return transposed(rounded).withUnsafeBufferPointer { Data(buffer: $0) }
    }

    /// [O, I] as [I, O], in squares that fit into the cache.
    private func transposed<Number>(_ numbers: [Number]) -> [Number] {
        let (rows, columns, square) = (view.shape[0], view.shape[1], 32)
        return numbers.withUnsafeBufferPointer { numbers in
            [Number](unsafeUninitializedCapacity: numbers.count) { result, count in
                for top in stride(from: 0, to: rows, by: square) {
                    for left in stride(from: 0, to: columns, by: square) {
                        for row in top..<min(top + square, rows) {
                            for column in left..<min(left + square, columns) {
                                result.initializeElement(
                                    at: column * rows + row, to: numbers[row * columns + column])
                            }
                        }
                    }
                }
                count = numbers.count
            }
        }
    }
}
