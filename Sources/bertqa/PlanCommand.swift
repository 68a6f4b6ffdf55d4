import ArgumentParser
import FineTuning
import Foundation
import Planning
import QuestionAnswering
import Torch

/// `bertqa plan`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Predict the memory that training takes at each batch size, what fits, and the training time.",
        discussion: """
            The peak memory is computed from the model's configuration and the batches of the run: with --train-file \
            those of its real rows in the order of --seed, otherwise rows of --max-length tokens. A batch fits if its \
            peak is within nine tenths of the memory, since the prediction may be wrong by a tenth. With --train-file, \
            the time is measured by training a copy of the model for ten seconds; nothing is written.

              bertqa plan --model bert --train-file train.json --batch-size 32
              bertqa plan --model bert-large-uncased --max-length 512 --memory 16GiB --precision fp32

            For a GPU, --memory must be given; its figures are computed and were not compared with measurements.
            """)

    @Option(help: "The pretrained model: its folder, or its id on the Hugging Face hub.", completion: .directory)
    var model: String

    @Option(
        name: [.long, .customLong("data")],
        help: "The dataset to train on; squad or squad_v2 for the official one, its training part.", completion: .file()
    )
    var trainFile: String?

    @OptionGroup var length: LengthOptions

    @Option(help: "Rows of a step; they may be divided into several passes.")
    var batchSize = 16

    @Option(help: "How often every row is seen.")
    var epochs = 3

    @Option(help: "The seed of the order of the rows.")
    var seed: UInt64 = 42

    @Option(
        help: ArgumentHelp(
            "The memory available, such as 12GiB or 16GB. (default: that of this machine, or of its control group)",
            valueName: "size"))
    var memory: String?

    @Flag(help: "Plan the run with gradient checkpointing, even if it would fit without it.")
    var gradientCheckpointing = false

    @Flag(name: .customLong("no-calibration"), help: "Do not measure the time.")
    var isWithoutCalibration = false

    @OptionGroup var run: ModelOptions

    @Flag(help: "Print the plan as one JSON object.")
    var json = false

    func validate() throws {
        if batchSize < 1 { throw ValidationError("--batch-size \(batchSize) must be at least 1") }
        if epochs < 1 { throw ValidationError("--epochs \(epochs) must be at least 1") }
        if let memory, MemorySize(memory) == nil {
            throw ValidationError(
                "--memory \(memory) must be a number with KiB, MiB, GiB, KB, MB or GB, such as 12GiB")
        }
        if run.precision == .int8 {
            throw ValidationError("--precision int8 is for answering; plan a training in fp32 or bf16")
        }
    }

    func run() async throws {
        try await reportingErrors("plan") {
            let mapped = try Runtime.memory().resident
            try run.apply()
            let folder = try await ModelSource.folder(model, allowsPickle: run.allowPickle)
            var options = TrainingOptions(model: folder, trainFile: "", outputDirectory: "")
            if let trainFile { options.trainFile = try await DatasetSource.path(trainFile, .train) }
            (options.features, options.batchSize, options.seed) = (length.features(), batchSize, seed)
            (options.epochs, options.gradientCheckpointing) = (epochs, gradientCheckpointing)
            (options.precision, options.device) = (run.precision?.precision, run.device?.device)
            options.cudaGraphs = run.cudaGraphs
            let planned = try PlannedRun(options: options, memory: memory.flatMap { MemorySize($0) }, mapped: mapped)
            let report = PlanReport(
                planned, times: isWithoutCalibration ? nil : try planned.calibrations(), model: model,
                isMemoryGiven: memory != nil, command: commandLine(planned.division))
            try writeOutput(json ? report.json.serialized() : report.text)
        }
    }

    private func commandLine(_ division: TrainingPlan.Division) -> String {
        var words = ["bertqa", "train", "--model", model, "--train-file", trainFile ?? "train.json"]
        words += ["--output-dir", "run", "--batch-size", "\(division.batchSize)"]
        if division.accumulation > 1 { words += ["--gradient-accumulation-steps", "\(division.accumulation)"] }
        if division.checkpointing { words.append("--gradient-checkpointing") }
        if let value = length.maxLength { words += ["--max-length", "\(value)"] }
        if let value = length.truncation { words += ["--truncation", value.rawValue] }
        if let value = length.docStride { words += ["--doc-stride", "\(value)"] }
        words += ["--epochs", "\(epochs)", "--seed", "\(seed)"]
        if let value = run.precision { words += ["--precision", value.rawValue] }
        if let value = run.device { words += ["--device", value.rawValue] }
        if run.cudaGraphs { words.append("--cuda-graphs") }
        if let threads = run.threads { words += ["--threads", "\(threads)"] }
        return words.map(ShellWord.quoted).joined(separator: " ")
    }
}
