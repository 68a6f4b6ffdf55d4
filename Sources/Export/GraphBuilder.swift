import Checkpoints
import Foundation

/// Collects the nodes and the stored tensors of a graph. Values are known by their names.
struct GraphBuilder {
    typealias Value = String

    private(set) var nodes: [ONNXNodeProto] = []
    private(set) var tensors: [StoredTensor] = []
    let options: ExportOptions
    private let parameters: [String: TensorView]
    private var stored: Set<String> = []

    /// A graph of these parameters, by their names in a checkpoint.
    init(parameters: [String: TensorView], options: ExportOptions) {
        (self.parameters, self.options) = (parameters, options)
    }

    /// What is computed in.
    var numberType: StoredTensor.ElementType { options.precision == .fp32 ? .float : .float16 }

    /// The dimensions of a parameter.
    ///
    /// - Throws: `ExportError` if there is none of that name.
    func shape(_ parameter: String) throws(ExportError) -> [Int] { try numbers(parameter).view.shape }

    private func numbers(_ parameter: String) throws(ExportError) -> WeightNumbers {
        guard let view = parameters[parameter] else {
            throw ExportError(.model, "there is no parameter \(parameter)")
        }
        return WeightNumbers(name: parameter, view: view)
    }

    // MARK: Nodes

    /// Adds a node and names its result after it.
    mutating func node(
        _ operation: String, _ inputs: [Value], at place: String, _ attributes: [ONNXAttributeProto] = []
    ) -> Value {
        let name = "\(place)/\(operation)"
        add(operation, inputs, outputs: [name], name: name, attributes)
        return name
    }

    /// Adds a node whose results have names of their own.
    mutating func add(
        _ operation: String, _ inputs: [Value], outputs: [Value], name: String,
        _ attributes: [ONNXAttributeProto] = []
    ) {
        var node = ONNXNodeProto()
        (node.opType, node.name, node.input, node.output) = (operation, name, inputs, outputs)
        node.attribute = attributes
        nodes.append(node)
    }

    // MARK: Stored tensors

    /// A number that the graph computes with.
    mutating func constant(_ number: Double, named name: String) -> Value {
        let isHalf = numberType == .float16
        return store(name, numberType, shape: []) { () throws(ExportError) in
            isHalf ? Data(of: Float16(number).bitPattern) : Data(of: Float(number).bitPattern)
        }
    }

    /// Whole numbers, such as a shape; a scalar where `isScalar`.
    mutating func integers(_ numbers: [Int], isScalar: Bool = false) -> Value {
        let name = "int64/" + numbers.map(String.init).joined(separator: ",") + (isScalar ? "/scalar" : "")
        return store(name, .int64, shape: isScalar ? [] : [numbers.count]) { () throws(ExportError) in
            numbers.reduce(into: Data()) { $0 += Data(of: Int64($1)) }
        }
    }

    /// A parameter as it is in the checkpoint.
    mutating func parameter(_ name: String) throws(ExportError) -> Value {
        let (numbers, precision) = (try numbers(name), options.precision)
        return store(name, numberType, shape: numbers.view.shape) { () throws(ExportError) in
            try numbers.bytes(precision)
        }
    }

    /// A linear layer's weight, [O, I] in the checkpoint, as `MatMul` reads it.
    mutating func matrix(_ name: String) throws(ExportError) -> Value {
        let (numbers, precision) = (try numbers(name), options.precision)
        return store(name, numberType, shape: numbers.view.shape.reversed()) { () throws(ExportError) in
            try numbers.bytes(precision, isTransposed: true)
        }
    }

    /// The same in 8-bit integers, with a scale for each output.
    mutating func quantizedMatrix(_ name: String) throws(ExportError) -> Value {
        let numbers = try numbers(name)
        let outputs = numbers.view.shape[0]
        let bytes = store("\(name)_quantized", .int8, shape: numbers.view.shape.reversed()) {
            () throws(ExportError) in try numbers.quantized()
        }
        let scale = store("\(name)_scale", .float, shape: [outputs]) { () throws(ExportError) in
            try numbers.scales().withUnsafeBufferPointer { Data(buffer: $0) }
        }
        let zero = store("\(name)_zero_point", .int8, shape: [outputs]) { () throws(ExportError) in
            Data(count: outputs)
        }
        return node("DequantizeLinear", [bytes, scale, zero], at: name, [.int("axis", 1)])
    }

    /// Adds a tensor, once.
    private mutating func store(
        _ name: String, _ type: StoredTensor.ElementType, shape: [Int],
        bytes: @escaping () throws(ExportError) -> Data
    ) -> Value {
        if stored.insert(name).inserted {
            tensors.append(StoredTensor(name: name, type: type, shape: shape, bytes: bytes))
        }
        return name
    }
}

extension Data {
    /// The bytes of a number, little-endian.
    fileprivate init(of number: some FixedWidthInteger) {
        self = Swift.withUnsafeBytes(of: number.littleEndian) { Data($0) }
    }
}

extension ONNXAttributeProto {
    /// A whole number.
    static func int(_ name: String, _ value: Int) -> Self {
        var attribute = Self()
        (attribute.name, attribute.type, attribute.i) = (name, .int, Int64(value))
        return attribute
    }

    /// Several of them.
    static func ints(_ name: String, _ values: [Int]) -> Self {
        var attribute = Self()
        (attribute.name, attribute.type, attribute.ints) = (name, .ints, values.map(Int64.init))
        return attribute
    }

    /// A number.
    static func float(_ name: String, _ value: Double) -> Self {
        var attribute = Self()
        (attribute.name, attribute.type, attribute.f) = (name, .float, Float(value))
        return attribute
    }
}
