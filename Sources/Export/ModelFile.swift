import Checkpoints
import Files
import Foundation
import SwiftProtobuf

/// Writes an ONNX file that appears whole or not at all.
struct ModelFile {
    let graph: EncoderGraph
    let options: ExportOptions
    /// The version of the program, which the file names.
    let producer: String
    /// More bytes of tensors than this go into a file beside the model's.
    let limit: Int

    /// What tensors in a file of their own begin at a multiple of: the runtime can then map them.
    static let alignment = 4096
    /// Tensors of fewer bytes stay in the model's file.
    static let smallest = 1024

    /// The ending of the file with the tensors, as optimum names it.
    static let dataEnding = "_data"

    /// Writes the model, and its tensors beside it where they are too large for one file.
    ///
    /// A model's file that is there never leads to tensors of another: it goes before those are replaced.
    ///
    /// - Parameter checkSources: is called before a file takes its place, and throws where what was read has changed.
    /// - Returns: the files that were written, the model's first.
    /// - Throws: `ExportError`.
    func write(
        to path: String, checkSources: () throws(ExportError) -> Void
    ) throws(ExportError) -> [String] {
        guard graph.tensors.reduce(0, { $0 + $1.byteCount }) > limit else {
            let tensors = try graph.tensors.mapped { tensor throws(ExportError) in
                var description = tensor.description
                description.rawData = try tensor.bytes()
                return description
            }
            try replace(path, [UInt8](message(tensors)), checkSources)
            return [path]
        }
        let dataPath = path + Self.dataEnding
        let old = try kind(of: path)
        try replace(dataPath) { output in
            try appendData(to: output)
            try checkSources()
            try output.synchronize()
            if old != .missing { try DurableFiles.remove(path) }
        }
        try replace(path, message(described(in: dataPath)), checkSources)
        return [path, dataPath]
    }

    // MARK: The message

    private func message(_ tensors: [ONNXTensorProto]) throws(ExportError) -> [UInt8] {
        var model = ONNXModelProto()
        model.irVersion = options.formatVersion
        (model.producerName, model.producerVersion) = ("bertqa", producer)
        var operators = ONNXOperatorSetIdProto()
        (operators.domain, operators.version) = ("", Int64(options.opset))
        model.opsetImport = [operators]
        model.graph.name = "question-answering"
        model.graph.node = graph.nodes
        model.graph.initializer = tensors
        model.graph.input = graph.inputs.map { Self.value($0, .int64) }
        model.graph.output = EncoderGraph.outputs.map { Self.value($0, .float) }
        do {
            return try model.serializedBytes()
        } catch {
            throw ExportError(.output, "the model cannot be written as one message: \(error)")
        }
    }

    /// An input or an output, [batch_size, sequence_length].
    private static func value(_ name: String, _ type: StoredTensor.ElementType) -> ONNXValueInfoProto {
        var value = ONNXValueInfoProto()
        value.name = name
        value.type.tensorType.elemType = Int32(type.rawValue)
        value.type.tensorType.shape.dim = ["batch_size", "sequence_length"].map { name in
            var dimension = ONNXTensorShapeProto.Dimension()
            dimension.dimParam = name
            return dimension
        }
        return value
    }

    // MARK: Tensors in a file of their own

    /// The tensors without bytes, but with their places in the file of tensors.
    private func described(in dataPath: String) throws(ExportError) -> [ONNXTensorProto] {
        var end = 0
        return try graph.tensors.mapped { tensor throws(ExportError) in
            var description = tensor.description
            guard tensor.byteCount >= Self.smallest else {
                description.rawData = try tensor.bytes()
                return description
            }
            let start = Self.aligned(end)
            end = start + tensor.byteCount
            description.dataLocation = .external
            let entries = [
                ("location", PathParts.last(of: dataPath)), ("offset", "\(start)"),
                ("length", "\(tensor.byteCount)"),
            ]
            description.externalData = entries.map { key, value in
                var entry = ONNXStringStringEntryProto()
                (entry.key, entry.value) = (key, value)
                return entry
            }
            return description
        }
    }

    private func appendData(to output: FileOutput) throws {
        var end = 0
        for tensor in graph.tensors where tensor.byteCount >= Self.smallest {
            let (gap, bytes) = (Self.aligned(end) - end, try tensor.bytes())
            try output.append { $0 += repeatElement(0, count: gap) }
            try bytes.withUnsafeBytes { bytes in try output.append(contentsOf: bytes) }
            end += gap + bytes.count
        }
    }

    private static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

    // MARK: Files

    private func replace(
        _ path: String, _ bytes: [UInt8], _ checkSources: () throws(ExportError) -> Void
    ) throws(ExportError) {
        try replace(path) { output in
            try bytes.withUnsafeBytes { bytes in try output.append(contentsOf: bytes) }
            try checkSources()
        }
    }

    /// As `DurableFiles.replace`; an `ExportError` of `body` is thrown as it is.
    private func replace(_ path: String, _ body: (FileOutput) throws -> Void) throws(ExportError) {
        var own: ExportError?
        do {
            try DurableFiles.replace(path) { output in
                do {
                    try body(output)
                } catch let error as ExportError {
                    own = error
                    throw error
                }
            }
        } catch {
            throw own ?? ExportError(writing: error.whileWriting(path))
        }
    }

    /// What is in the place of a model: a file or nothing.
    ///
    /// - Throws: `ExportError` for anything else, which must not be removed.
    private func kind(of path: String) throws(ExportError) -> FileKind {
        do throws(FileError) {
            let kind = try FileKind(path: path)
            switch kind {
            case .missing, .file: return kind
            default: throw FileError(path: path, message: "\(kind.description); a file was expected")
            }
        } catch {
            throw ExportError(writing: error)
        }
    }
}

extension Array {
    /// `map` for closures that throw one type of error.
    fileprivate func mapped<Result, Failure: Error>(
        _ body: (Element) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        try map(body)
    }
}
