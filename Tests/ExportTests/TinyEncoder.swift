import Checkpoints
import Export
import Files
import Foundation
import GraphInterpreter
import Scratch

/// An encoder of two layers with arbitrary weights, in a folder of its own with what belongs beside it.
struct TinyEncoder {
    static let (width, inner, heads) = (8, 12, 2)

    let folder: TemporaryDirectory
    let description: EncoderDescription
    let parameters: [String: TensorView]

    /// - Parameters:
    ///   - segments: the rows of the table of segments; 0 for a family without one.
    ///   - rows: of the tables of tokens and of positions.
    ///   - embedded: the width of the embeddings; a projection widens them where they are narrower.
    ///   - change: is called for the numbers of each parameter.
    init(
        segments: Int = 2, rows: Int = 13, embedded: Int = TinyEncoder.width,
        positions: EncoderDescription.Positions = .places,
        change: (_ name: String, _ numbers: inout [Float]) -> Void = { _, _ in }
    ) throws {
        folder = try TemporaryDirectory()
        let isNarrow = embedded < Self.width
        let layers = (0..<2).map { layer in
            EncoderDescription.Layer(
                query: "layer.\(layer).q", key: "layer.\(layer).k", value: "layer.\(layer).v",
                attentionOutput: "layer.\(layer).o", attentionNorm: "layer.\(layer).norm1",
                intermediate: "layer.\(layer).ff1", output: "layer.\(layer).ff2", outputNorm: "layer.\(layer).norm2")
        }
        description = EncoderDescription(
            embeddings: .init(
                word: "word", position: "position", segment: segments > 0 ? "segment" : nil, norm: "norm",
                projection: isNarrow ? "projection" : nil),
            layers: layers, head: "qa_outputs", positions: positions, takesSegments: segments > 0,
            headCount: Self.heads, layerNormEpsilon: 1e-12)
        var shapes: [(name: String, shape: [Int])] = [
            ("word.weight", [rows, embedded]), ("position.weight", [rows, embedded]),
        ]
        if segments > 0 { shapes.append(("segment.weight", [segments, embedded])) }
        shapes += Self.norm("norm", embedded)
        if isNarrow { shapes += Self.linear("projection", embedded, Self.width) }
        for layer in layers {
            for scope in [layer.query, layer.key, layer.value, layer.attentionOutput] {
                shapes += Self.linear(scope, Self.width, Self.width)
            }
            shapes += Self.linear(layer.intermediate, Self.width, Self.inner)
            shapes += Self.linear(layer.output, Self.inner, Self.width)
            shapes += Self.norm(layer.attentionNorm, Self.width) + Self.norm(layer.outputNorm, Self.width)
        }
        shapes += Self.linear("qa_outputs", Self.width, 2)
        let path = "\(folder.path)/model.safetensors"
        try Self.write(shapes, to: path, change)
        let file = try SafetensorsFile(path: path)
        parameters = Dictionary(uniqueKeysWithValues: file.names.compactMap { name in file[name].map { (name, $0) } })
        try folder.write("{}", to: "config.json")
        try folder.write("[PAD]\n", to: "vocab.txt")
    }

    private static func linear(_ scope: String, _ inputs: Int, _ outputs: Int) -> [(String, [Int])] {
        [("\(scope).weight", [outputs, inputs]), ("\(scope).bias", [outputs])]
    }

    private static func norm(_ scope: String, _ width: Int) -> [(String, [Int])] {
        [("\(scope).weight", [width]), ("\(scope).bias", [width])]
    }

    private static func write(
        _ shapes: [(name: String, shape: [Int])], to path: String, _ change: (String, inout [Float]) -> Void
    ) throws {
        var state: UInt64 = 7
        var numbers: [String: [Float]] = [:]
        for (name, shape) in shapes {
            var drawn = (0..<shape.reduce(1, *)).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Float(state >> 40) / Float(1 << 24) - 0.5
            }
            change(name, &drawn)
            numbers[name] = drawn
        }
        let descriptions = shapes.map { TensorDescription(name: $0.name, elementType: .float32, shape: $0.shape) }
        try DurableFiles.replace(path) { output in
            var writer = try SafetensorsWriter(file: output, tensors: descriptions)
            for tensor in writer.order {
                try numbers[tensor.name, default: []].withUnsafeBytes { bytes in try writer.append(bytes) }
            }
            try writer.finish()
        }
    }

    /// Exports into a folder of its own beside the model's.
    ///
    /// - Returns: the files.
    @discardableResult
    func export(
        _ name: String = "onnx/model.onnx", limit: Int = ModelExport.largestFile,
        _ set: (inout ExportOptions) -> Void = { _ in }
    ) throws -> [String] {
        var options = ExportOptions()
        set(&options)
        return try ModelExport(description, parameters: parameters, options: options)
            .write(to: "\(folder.path)/\(name)", folder: folder.path, producer: "1", limit: limit)
    }

    /// The exported model, read back.
    func exported(
        limit: Int = ModelExport.largestFile, _ set: (inout ExportOptions) -> Void = { _ in }
    ) throws -> GraphInterpreter {
        try GraphInterpreter(path: export(limit: limit, set)[0])
    }
}
