import ArgumentParser
import BERT
import FineTuning
import QuestionAnswering
import Torch

/// `bertqa plan`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract:
            "Say what training takes before it starts: memory for each batch size, what fits, and how long it lasts.",
        discussion: """
            The peak of memory is computed from the model's shape and the batches that the run will have: with --train-file those \
            of its real rows, in the order that --seed gives, else rows of --max-length tokens. A batch fits if its peak is within \
            nine tenths of the memory, since the prediction may be wrong by a tenth. With --train-file the time is measured by ten \
            seconds of training a copy of the model; nothing is written.

              bertqa plan --model bert --train-file train.json --batch-size 32
              bertqa plan --model bert-large-uncased --max-length 512 --memory 16GiB --precision fp32

            On a GPU its memory has to be given; figures for it are computed, and were not compared with a measurement.
            """)

    @Option(help: "The pretrained model: its folder, or its id on the Hugging Face hub.")
    var model: String

    @Option(
        name: [.long, .customLong("data")],
        help: "The dataset to train on; squad or squad_v2 for the official one, its training part.")
    var trainFile: String?

    @OptionGroup var length: LengthOptions

    @Option(help: "Rows of a step that are wanted; they may be divided into several passes.")
    var batchSize = 16

    @Option(help: "Times that every row is to be seen.")
    var epochs = 3

    @Option(help: "What the order of the rows is drawn from.")
    var seed: UInt64 = 42

    @Option(
        help: ArgumentHelp(
            "The memory there is, such as 12GiB or 16GB. (default: this machine's, or what its control groups leave)",
            valueName: "size"))
    var memory: String?

    @Flag(help: "Plan the run with gradient checkpointing, also where it would fit without.")
    var gradientCheckpointing = false

    @Flag(name: .customLong("no-calibration"), help: "Measure no times.")
    var isWithoutCalibration = false

    @OptionGroup var run: ModelOptions

    @Flag(help: "Print the plan as one JSON object.")
    var json = false

    func validate() throws {
        if batchSize < 1 { throw ValidationError("--batch-size \(batchSize) must be at least 1") }
        if epochs < 1 { throw ValidationError("--epochs \(epochs) must be at least 1") }
        if let memory, MemorySize(memory) == nil {
            throw ValidationError(
                "--memory \(memory): a number with KiB, MiB, GiB, KB, MB or GB was expected, such as 12GiB")
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
            (options.precision, options.device) = (run.precision.precision, run.device.device)
            let planning = try Planning(options: options, memory: memory.flatMap { MemorySize($0) }, mapped: mapped)
            let times = isWithoutCalibration ? [] : try planning.calibrations()
            let report = PlanReport(command: self, planning: planning, times: times)
            try writeOutput(json ? report.json.serialized() : report.text)
        }
    }
}
