import Export
import Foundation
import SwiftProtobuf

/// Computes what an ONNX file says, node by node in double precision, with the definitions of ONNX's Operators.md and
/// nothing of BertQA's own: slow, and enough to compare an exported model with other implementations.
package struct GraphInterpreter {
    /// The file's message.
    package let model: ONNXModelProto
    private var stored: [String: NumberArray] = [:]

    /// What keeps a file from being computed.
    package struct Fault: Error, CustomStringConvertible {
        /// One line.
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// Reads a model and its tensors, also those in a file beside it.
    package init(path: String) throws {
        model = try ONNXModelProto(serializedBytes: Data(contentsOf: URL(fileURLWithPath: path)))
        let folder = (path as NSString).deletingLastPathComponent
        for tensor in model.graph.initializer {
            guard stored[tensor.name] == nil else { throw Fault("\(tensor.name) is stored twice") }
            let numbers = try Self.numbers(Self.bytes(of: tensor, in: folder), tensor.dataType)
            let shape = tensor.dims.map(Int.init)
            guard shape.reduce(1, *) == numbers.count else {
                throw Fault("\(tensor.name): \(numbers.count) numbers for \(shape)")
            }
            stored[tensor.name] = NumberArray(shape, numbers)
        }
    }

    /// The elements of a stored tensor.
    package func tensor(_ name: String) -> NumberArray? { stored[name] }

    private static func bytes(of tensor: ONNXTensorProto, in folder: String) throws -> Data {
        guard tensor.dataLocation == .external else { return tensor.rawData }
        let entries = Dictionary(uniqueKeysWithValues: tensor.externalData.map { ($0.key, $0.value) })
        guard let name = entries["location"], !name.contains("/"), let offset = entries["offset"].flatMap(UInt64.init),
            let length = entries["length"].flatMap(Int.init)
        else { throw Fault("\(tensor.name): \(entries)") }
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(folder)/\(name)"))
        defer { try? file.close() }
        try file.seek(toOffset: offset)
        guard let data = try file.read(upToCount: length), data.count == length else {
            throw Fault("\(tensor.name): the file of tensors is too short")
        }
        return data
    }

    private static func numbers(_ data: Data, _ type: Int32) throws -> [Double] {
        func elements<Bits: FixedWidthInteger>(_ number: (Bits) -> Double) -> [Double] {
            data.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: MemoryLayout<Bits>.size).map {
                    number(Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Bits.self)))
                }
            }
        }
        switch ONNXTensorProto.DataType(rawValue: Int(type)) {
        case .float: return elements { (bits: UInt32) in Double(Float(bitPattern: bits)) }
        case .float16: return elements { (bits: UInt16) in Double(Float16(bitPattern: bits)) }
        case .int8: return elements { (bits: Int8) in Double(bits) }
        case .int64: return elements { (bits: Int64) in Double(bits) }
        default: throw Fault("element type \(type)")
        }
    }

    // MARK: Running

    /// The outputs for these inputs, by name.
    package func run(_ inputs: [String: NumberArray]) throws -> [String: NumberArray] {
        guard Set(inputs.keys) == Set(model.graph.input.map(\.name)) else {
            throw Fault("the inputs are \(model.graph.input.map(\.name))")
        }
        var values = stored.merging(inputs) { $1 }
        for node in model.graph.node {
            let operands = try node.input.map { name in
                guard let value = values[name] else { throw Fault("\(node.name) reads \(name), which is not there") }
                return value
            }
            let results = try compute(node, operands)
            guard results.count == node.output.count else { throw Fault("\(node.name): \(node.output)") }
            for (name, result) in zip(node.output, results) {
                guard values.updateValue(result, forKey: name) == nil else { throw Fault("\(name) is made twice") }
            }
        }
        return try Dictionary(
            uniqueKeysWithValues: model.graph.output.map { output in
                guard let value = values[output.name] else { throw Fault("\(output.name) is never made") }
                return (output.name, value)
            })
    }

    private func compute(_ node: ONNXNodeProto, _ x: [NumberArray]) throws -> [NumberArray] {
        switch node.opType {
        case "Add": [.combined(x[0], x[1], +)]
        case "Sub": [.combined(x[0], x[1], -)]
        case "Mul": [.combined(x[0], x[1], *)]
        case "Div": [.combined(x[0], x[1], /)]
        case "Equal": [.combined(x[0], x[1]) { $0 == $1 ? 1 : 0 }]
        case "Not": [x[0].map { 1 - $0 }]
        case "Erf": [x[0].map(erf)]
        // Numbers here have no type.
        case "Cast": [x[0]]
        case "MatMul": [.product(x[0], x[1])]
        case "Transpose": [x[0].transposed(try integers(node, "perm"))]
        case "Softmax": [Self.softmax(x[0])]
        case "LayerNormalization": [Self.norm(x[0], x[1], x[2], epsilon: try attribute(node, "epsilon").f)]
        case "CumSum":
            [Self.cumulative(x[0], isExclusive: node.attribute.contains { $0.name == "exclusive" && $0.i == 1 })]
        case "DynamicQuantizeLinear": Self.quantized(x[0])
        case "DequantizeLinear": [Self.dequantized(x[0], x[1], x[2])]
        case "Split": Self.columns(x[0], x[1].integers.count)
        default: [try rearranged(node, x)]
        }
    }

    /// The operations that move numbers and change none.
    private func rearranged(_ node: ONNXNodeProto, _ x: [NumberArray]) throws -> NumberArray {
        switch node.opType {
        case "Gather":
            let width = x[0].shape.dropFirst().reduce(1, *)
            return NumberArray(
                x[1].shape + x[0].shape.dropFirst(),
                x[1].integers.flatMap { x[0].numbers[($0 * width)..<(($0 + 1) * width)] })
        case "Unsqueeze":
            var shape = x[0].shape
            shape.insert(1, at: x[1].integers[0])
            return NumberArray(shape, x[0].numbers)
        case "Squeeze":
            guard x[1].integers == [-1], x[0].width == 1 else { throw Fault("\(node.name): \(x[0].shape)") }
            return NumberArray(x[0].shape.dropLast(), x[0].numbers)
        case "Reshape":
            let shape = x[1].integers.enumerated().map { $1 == 0 ? x[0].shape[$0] : $1 }
            return NumberArray(shape, x[0].numbers)
        default: throw Fault("\(node.name): \(node.opType) is not computed here")
        }
    }

    private func attribute(_ node: ONNXNodeProto, _ name: String) throws -> ONNXAttributeProto {
        guard let attribute = node.attribute.first(where: { $0.name == name }) else {
            throw Fault("\(node.name) has no \(name)")
        }
        return attribute
    }

    private func integers(_ node: ONNXNodeProto, _ name: String) throws -> [Int] {
        try attribute(node, name).ints.map(Int.init)
    }
}

// MARK: Operators along the last dimension

extension GraphInterpreter {
    private static func softmax(_ x: NumberArray) -> NumberArray {
        x.mapRows { row in
            let largest = row.max() ?? 0
            let powers = row.map { exp($0 - largest) }
            let sum = powers.reduce(0, +)
            return powers.map { $0 / sum }
        }
    }

    private static func norm(_ x: NumberArray, _ scale: NumberArray, _ shift: NumberArray, epsilon: Float)
        -> NumberArray
    {
        x.mapRows { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            let factor = 1 / (variance + Double(epsilon)).squareRoot()
            return row.enumerated().map { ($1 - mean) * factor * scale.numbers[$0] + shift.numbers[$0] }
        }
    }

    /// Each column of the last dimension by itself.
    private static func columns(_ x: NumberArray, _ count: Int) -> [NumberArray] {
        precondition(x.width == count, "\(x.shape) is not split into columns")
        return (0..<count).map { column in
            let numbers = stride(from: column, to: x.numbers.count, by: count).map { x.numbers[$0] }
            return NumberArray(x.shape.dropLast() + [1], numbers)
        }
    }

    private static func cumulative(_ x: NumberArray, isExclusive: Bool) -> NumberArray {
        x.mapRows { row in
            var sum = 0.0
            return row.map { number in
                sum += number
                return isExclusive ? sum - number : sum
            }
        }
    }

    /// Bytes, scale and zero point. In float32, as ONNX defines it.
    private static func quantized(_ x: NumberArray) -> [NumberArray] {
        let (low, high) = (min(0, x.numbers.min() ?? 0), max(0, x.numbers.max() ?? 0))
        let scale = Double(Float((high - low) / 255))
        let zero = min(max((-low / scale).rounded(.toNearestOrEven), 0), 255)
        let bytes = x.map { min(max(($0 / scale).rounded(.toNearestOrEven) + zero, 0), 255) }
        return [bytes, NumberArray([], [scale]), NumberArray([], [zero])]
    }

    /// With one scale, or one for each column.
    private static func dequantized(_ x: NumberArray, _ scale: NumberArray, _ zero: NumberArray) -> NumberArray {
        .combined(.combined(x, zero, -), scale, *)
    }
}
