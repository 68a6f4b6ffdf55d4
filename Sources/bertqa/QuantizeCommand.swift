import ArgumentParser
import FineTuning
import SQuAD
import StrictJSON

/// `bertqa quantize`
struct QuantizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Measure what a model loses in 8-bit integers, and allow them if it is little.",
        discussion: """
            Answers the dataset in float32 and in int8. If F1 drops by no more than --max-drop, int8.json in the model's folder \
            says so, and `--precision int8` is allowed for these weights in predict, ask and chat. The weights themselves stay \
            as they are: they are quantised when they are loaded, each output by its own scale, and activations on the way.

              bertqa quantize --model run --data dev.json
              bertqa predict --model run --data questions.json --output answers.json --precision int8
            """)

    @Option(help: "A fine-tuned model's folder.")
    var model: String

    @Option(help: "The dataset to measure on; squad or squad_v2 for the official one, its dev part.")
    var data: String

    @Option(help: "The most that official F1 may drop, of 100.")
    var maxDrop = 1.0

    @OptionGroup var length: LengthOptions

    @Option(help: "Threads for the CPU; all cores if it is not given.")
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
            let exact = try measure(.fp32, data)
            let small = try measure(.int8, data)
            let record = try QuantizationRecord(
                directory: model, data: data, fp32: exact.scores, int8: small.scores)
            let lines = [("fp32", exact), ("int8", small)].map { name, result in
                "\(name)  exact match \(Figures.fixed(result.scores.exactMatch, 2)), F1 \(Figures.fixed(result.scores.f1, 2)), "
                    + "\(Figures.fixed(result.speed, 1)) questions/s"
            }
            try record.write(to: model, limit: maxDrop)
            let object = JSONObject([
                ("exact_match", .double(record.exactMatch)), ("f1", .double(record.f1)),
                ("int8_exact_match", .double(record.int8ExactMatch)), ("int8_f1", .double(record.int8F1)),
                ("f1_drop", .double(record.drop)), ("questions_per_second", .double(exact.speed)),
                ("int8_questions_per_second", .double(small.speed)),
            ])
            let text = lines + ["int8 loses \(Figures.fixed(record.drop, 2)) of F1 and is allowed for \(model)"]
            try writeOutput(json ? JSONValue.object(object).serialized() : text.joined(separator: "\n"))
        }
    }

    private func measure(_ precision: PrecisionChoice, _ data: String) throws -> (scores: Scores, speed: Double) {
        var options = ModelOptions()
        options.precision = precision
        options.device = .cpu
        options.threads = threads
        options.allowPickle = false
        options.skipDeviceCheck = false
        options.deterministic = false
        let run = try PredictionRun(model: model, data: data, length: length, options: options)
        return (SQuADMetrics.score(run.dataset, predictions: run.answers), run.questionsPerSecond)
    }
}
