import ArgumentParser
import Evaluating
import SQuAD
import Torch

/// `bertqa quantize`
struct QuantizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Measure how much F1 a model loses in int8, and allow int8 if the loss is small.",
        discussion: """
            Answers the dataset in float32 and in int8. If F1 drops by no more than --max-drop, int8.json in the \
            model's folder \
            records it, and --precision int8 is allowed for these weights in all commands that answer. The weights are \
            not changed: \
            they are quantised when they are loaded, with a scale for each output, and activations while they are \
            computed.

              bertqa quantize --model run --data dev.json
              bertqa predict --model run --data questions.json --output answers.json --precision int8
            """)

    @Option(help: "A fine-tuned model's folder.", completion: .directory)
    var model: String

    @Option(
        help: "The dataset to measure on; squad or squad_v2 for the official one, its dev part.", completion: .file())
    var data: String

    @Option(help: "The largest allowed drop of the official F1, in percentage points.")
    var maxDrop = 1.0

    @OptionGroup var answers: DecodingOptions
    @OptionGroup var length: LengthOptions

    @Option(help: "CPU threads. (default: all cores)")
    var threads: Int?

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    func validate() throws {
        if !(0...100).contains(maxDrop) { throw ValidationError("--max-drop \(maxDrop) must be between 0 and 100") }
        if let threads, threads < 1 { throw ValidationError("--threads \(threads) must be at least 1") }
    }

    func run() async throws {
        try await reportingErrors("quantize") {
            let data = try await DatasetSource.path(data, .dev)
            DatasetExtent(try Dataset(path: data)).tell(scoring: true)
            Runtime.tuneAllocator()
            if let threads { try Runtime.setThreads(threads) }
            let report = try QuantizationReport(
                model: model, data: data, features: length.features(), decoder: answers.decoder(.joint))
            try report.record.write(to: model, limit: maxDrop)
            try writeOutput(json ? report.json.serialized() : report.text)
        }
    }
}
