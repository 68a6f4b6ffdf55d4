import ArgumentParser
import BERT
import Checkpoints
import Console
import Export
import Files
import Foundation
import QuestionAnswering
import StrictJSON

/// `bertqa export`
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a fine-tuned model as an ONNX file.",
        discussion: """
            The ONNX model takes input_ids, attention_mask and token_type_ids (if the model has segments) of any \
            batch size and length, padded as usual, and returns start_logits and end_logits; ONNX Runtime and optimum \
            can load it. The model's config.json and the tokenizer's files are copied beside it. Weights of more than \
            2 GB go into a second file, NAME.onnx_data.

            --int8 stores the matrices of the layers in 8-bit integers and computes as --precision int8 does; \
            `bertqa quantize` must have allowed it for the model.

              bertqa export --model run --output onnx/model.onnx
              bertqa export --model run --output onnx/model_fp16.onnx --precision fp16
            """)

    @Option(help: "A fine-tuned model: its folder, or its id on the Hugging Face hub.", completion: .directory)
    var model: String

    @Option(help: "The ONNX file to write; its folder is created if it does not exist.", completion: .file())
    var output: String

    @Option(
        help: ArgumentHelp(
            "The version of ONNX's operators, \(ExportOptions.opsets.lowerBound) to "
                + "\(ExportOptions.opsets.upperBound).", valueName: "version"))
    var opset = ExportOptions().opset

    @Option(
        help: ArgumentHelp(
            "The type of the stored weights and of the computation: fp32 or fp16.", valueName: "precision"))
    var precision = ExportOptions.Precision.fp32

    @Flag(help: "Store the matrices of the layers in 8-bit integers.")
    var int8 = false

    @Flag(help: "Convert weights that exist only as a pickle (pytorch_model.bin); none of its code is run.")
    var allowPickle = false

    @Flag(help: "Print what was written as one JSON object.")
    var json = false

    private var options: ExportOptions {
        var options = ExportOptions()
        (options.opset, options.precision, options.int8) = (opset, precision, int8)
        return options
    }

    func validate() throws {
        do {
            try options.validate()
        } catch {
            throw ValidationError(Flags.spelled("\(error)"))
        }
    }

    func run() async throws {
        try await reportingErrors("export") {
            let folder = try await ModelSource.folder(model, allowsPickle: allowPickle)
            let directory = try ModelDirectory(path: folder)
            let parameters = try directory.contentsWithHead().tensors
            if int8 { try QuantizationRecord.check(folder) }
            let export = try ModelExport(
                EncoderDescription(directory.config), parameters: parameters, options: options)
            let files = try export.write(to: output, folder: folder, producer: BertQA.version)
            try writeOutput(json ? report(files).serialized() : try lines(files))
        }
    }

    private func lines(_ files: [String]) throws -> String {
        try files.map { "\($0)  \(Figures.fixed(Double(try MappedFile(path: $0).bytes.count) / 1e6, 1)) MB" }.joined(
            separator: "\n")
    }

    private func report(_ files: [String]) -> JSONValue {
        [
            "output": .string(output), "files": .array(files.map(JSONValue.string)), "opset": .int(opset),
            "precision": .string(int8 ? "int8" : precision.rawValue),
        ]
    }
}

extension ExportOptions.Precision: ExpressibleByArgument {}
