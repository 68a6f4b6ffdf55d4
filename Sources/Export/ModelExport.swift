import Checkpoints
import Files
import Foundation

/// A model on its way into ONNX's format.
///
/// ```swift
/// let export = try ModelExport(encoder, parameters: tensors, options: options)
/// let files = try export.write(to: "onnx/model.onnx", folder: "run", producer: "1.0")
/// ```
package struct ModelExport {
    private let options: ExportOptions
    private let graph: EncoderGraph
    private let sources: [MappedFile]

    /// Makes the graph, without reading weights.
    ///
    /// - Parameters:
    ///   - parameters: the tensors by the names that `encoder` refers to, of the shapes that transformers gives them.
    /// - Throws: `ExportError` for options that cannot be, and for a parameter that is not there.
    package init(
        _ encoder: EncoderDescription, parameters: [String: TensorView], options: ExportOptions
    ) throws(ExportError) {
        try options.validate()
        self.options = options
        graph = try EncoderGraph(encoder, parameters: parameters, options: options)
        let files = parameters.values.map { (ObjectIdentifier($0.file), $0.file) }
        sources = Array(Dictionary(files) { first, _ in first }.values)
    }

    /// Writes the model, and beside it the configuration and the tokenizer of its folder, which come first: where there
    /// is a model, all of it is there.
    ///
    /// - Parameters:
    ///   - path: of the model, which ends in `.onnx`; its folder is made if it is not there.
    ///   - folder: the model's folder. Nothing is copied into itself.
    ///   - producer: the version of the program, which the file names.
    ///   - limit: the bytes of tensors that one file may hold.
    /// - Returns: the files that were written, the model's first.
    /// - Throws: `ExportError`; also for files of another model that are there.
    package func write(
        to path: String, folder: String, producer: String, limit: Int = ModelExport.largestFile
    ) throws(ExportError) -> [String] {
        let destination = try Self.folder(of: path)
        let companions = Companions(of: folder, in: destination)
        try companions.check()
        let copies = try companions.copy()
        let file = ModelFile(graph: graph, options: options, producer: producer, limit: limit)
        return try file.write(to: path, checkSources: checkSources) + copies
    }

    /// More bytes of tensors than this go into a file beside the model's: a message of protobuf has 2 GB at most, and
    /// the graph takes some.
    package static let largestFile = 2_000_000_000

    /// Checks the name of a model and makes its folder.
    private static func folder(of path: String) throws(ExportError) -> String {
        guard path.hasSuffix(".onnx") else {
            throw ExportError(.options, "`output` \(path) must end in .onnx, such as onnx/model.onnx")
        }
        let folder = PathParts.parent(of: path)
        do {
            guard try !OutputStreams.contains(path) else {
                throw ExportError(.output, "\(path): it is a device or a pipe; a file was expected")
            }
            try DurableFiles.makeDirectory(folder)
        } catch let error as ExportError {
            throw error
        } catch {
            throw ExportError(.output, "\(error)")
        }
        return folder
    }

    private func checkSources() throws(ExportError) {
        for file in sources {
            do { try file.checkUnchanged() } catch { throw ExportError(.model, "\(error); export again") }
        }
    }
}
