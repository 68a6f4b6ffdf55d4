import ArgumentParser
import FineTuning
import Foundation
import QuestionAnswering
import StrictJSON

/// `bertqa train`
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tune a pretrained BERT on a SQuAD file.",
        discussion: """
            Writes a folder with the best epoch's model, training_stats.json, learning_curve.svg, run.json and checkpoints. \
            Ctrl-C finishes the step, saves and leaves with exit code 75; --resume goes on from there, bit for bit.

              bertqa train --model bert-folder --train-file train.json --validation-file dev.json --output-dir run

            The defaults are the tutorial's. A small model likes a higher rate: --learning-rate 1e-4 --warmup-ratio 0.1.
            """)

    @Option(help: "The folder of the pretrained model.")
    var model: String

    @Option(help: "The SQuAD file to train on.")
    var trainFile: String

    @Option(help: "The SQuAD file to validate on after each epoch.")
    var validationFile: String?

    @Option(help: "Without --validation-file: the share of the training questions to validate on; 0 for none.")
    var validationFraction: Double?

    @Option(help: "The folder to write.")
    var outputDir: String

    @OptionGroup var length: LengthOptions

    @Option(help: "Rows of one pass.")
    var batchSize = 16

    @Option(help: "Passes whose gradients add up to one step.")
    var gradientAccumulationSteps = 1

    @Option(help: "The learning rate at its highest.")
    var learningRate = 2e-5

    @Option(help: "Times that every row is seen.")
    var epochs = 3

    @Option(help: "Stop after this many steps.")
    var maxSteps: Int?

    @Option(help: "The share of the steps during which the learning rate rises.")
    var warmupRatio = 0.0

    @Option(help: "AdamW's weight decay; biases and layer norms are spared.")
    var weightDecay = 0.0

    @Option(help: "AdamW's epsilon.")
    var adamEpsilon = 1e-8

    @Option(help: "The limit of the gradients' norm; 0 for none.")
    var maxGradNorm = 1.0

    @Option(help: "What data order, dropout and the new head are drawn from.")
    var seed: UInt64 = 42

    @OptionGroup var run: ModelOptions

    @Option(help: "Save a checkpoint every so many steps, besides the one after each epoch.")
    var saveSteps: Int?

    @Option(help: "How many checkpoints are kept.")
    var keepCheckpoints = 2

    @Flag(help: "Go on from the newest whole checkpoint of --output-dir.")
    var resume = false

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    func validate() throws {
        if validationFile != nil, validationFraction != nil {
            throw ValidationError("give --validation-file or --validation-fraction, not both")
        }
    }

    func run() async throws {
        try await reportingErrors("train") {
            try run.apply()
            let trainer = try Trainer(
                options: options, command: CommandLine.arguments, interrupt: InterruptFlag(watchingSignals: true))
            let summary = try trainer.run()
            try writeOutput(json ? summary.json.serialized() : summary.text)
        }
    }

    private var options: TrainingOptions {
        var options = TrainingOptions(model: model, trainFile: trainFile, outputDirectory: outputDir)
        options.validationFile = validationFile
        options.validationFraction = validationFraction ?? options.validationFraction
        options.features = FeatureOptions(maxLength: length.maxLength, docStride: length.docStride)
        options.batchSize = batchSize
        options.gradientAccumulationSteps = gradientAccumulationSteps
        options.learningRate = learningRate
        options.epochs = epochs
        options.maxSteps = maxSteps
        options.warmupRatio = warmupRatio
        options.weightDecay = weightDecay
        options.adamEpsilon = adamEpsilon
        options.maxGradNorm = maxGradNorm
        options.seed = seed
        options.precision = run.precision.precision
        options.device = run.device.device
        options.saveSteps = saveSteps
        options.checkpointsKept = keepCheckpoints
        options.resume = resume
        return options
    }
}

extension TrainingSummary {
    private var best: EpochStatistics.Validation? { bestEpoch.flatMap { statistics.epochs[$0 - 1].validation } }

    /// The object that `--json` prints.
    fileprivate var json: JSONValue {
        .object(
            JSONObject([
                ("output_dir", .string(outputDirectory)), ("steps", .int(steps)), ("seconds", .double(seconds)),
                ("examples_per_second", .double(examplesPerSecond)),
                ("real_tokens_per_second", .double(realTokensPerSecond)),
                ("best_epoch", bestEpoch.map(JSONValue.int) ?? .null),
                ("exact_match", best.map { .double($0.exactMatch) } ?? .null),
                ("f1", best.map { .double($0.f1) } ?? .null),
            ]))
    }

    fileprivate var text: String {
        var lines = [
            "\(steps) steps in \(Figures.duration(seconds)), \(Figures.fixed(examplesPerSecond, 1)) examples/s, "
                + "\(Int(realTokensPerSecond)) real tokens/s"
        ]
        if let best, let bestEpoch {
            lines.append(
                "best epoch \(bestEpoch): exact match \(Figures.fixed(best.exactMatch, 2)), F1 \(Figures.fixed(best.f1, 2))"
            )
        }
        lines.append("the model is in \(outputDirectory); try: bertqa ask --model \(outputDirectory) --help")
        return lines.joined(separator: "\n")
    }
}
