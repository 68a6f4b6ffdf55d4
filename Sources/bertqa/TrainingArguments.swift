import ArgumentParser
import FineTuning
import QuestionAnswering
import StrictJSON

/// The options of a training run, from the command line, a file and a preset.
struct TrainingArguments: ParsableArguments {
    @Option(help: "A YAML file with settings, or the run.json of an earlier run.")
    var config: String?

    @Option(help: ArgumentHelp("Settings that belong together: tutorial or fast.", valueName: "preset"))
    var preset: TrainingPreset?

    @Option(help: "The pretrained model: its folder, or its id on the Hugging Face hub, such as bert-base-cased.")
    var model: String?

    @Option(help: "The dataset to train on; squad (version 1.1) or squad_v2 fetches the official one.")
    var trainFile: String?

    @Option(
        help: "The dataset to validate on after each epoch; squad or squad_v2 for the official one, its dev part.")
    var validationFile: String?

    @Option(
        help:
            "Without --validation-file: the share of the training questions to validate on; 0 for none. (default: 0.05)"
    )
    var validationFraction: Double?

    @Option(help: ArgumentHelp("Split off questions or whole articles. (default: question)", valueName: "unit"))
    var splitBy: DataSplit?

    @Option(help: "The folder to write.")
    var outputDir: String?

    @OptionGroup var length: LengthOptions

    @Option(
        help: ArgumentHelp(
            "How an answer's tokens are found: offsets, or mask, the tutorial's way. (default: offsets)",
            valueName: "alignment"))
    var alignment: SpanAlignment?

    @Option(help: "Rows of one pass. (default: 16)")
    var batchSize: Int?

    @Option(help: "Passes whose gradients add up to one step. (default: 1)")
    var gradientAccumulationSteps: Int?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Compute each layer again in the backward pass instead of keeping it: less memory for about a third more time, and "
                + "the same numbers. `bertqa plan` says how much. (default: --no-gradient-checkpointing)"))
    var gradientCheckpointing: Bool?

    @Option(help: "The learning rate at its highest. (default: 2e-5)")
    var learningRate: Double?

    @Option(help: "Times that every row is seen. (default: 3)")
    var epochs: Int?

    @Option(help: "Stop after this many steps.")
    var maxSteps: Int?

    @Option(help: "The share of the steps during which the learning rate rises. (default: 0)")
    var warmupRatio: Double?

    @Option(help: "AdamW's weight decay; biases and layer norms are spared. (default: 0)")
    var weightDecay: Double?

    @Option(help: "AdamW's epsilon. (default: 1e-8)")
    var adamEpsilon: Double?

    @Option(help: "The limit of the gradients' norm; 0 for none. (default: 1)")
    var maxGradNorm: Double?

    @Option(help: "Steps in a row that may be skipped for numbers that are not finite. (default: 3)")
    var maxSkippedSteps: Int?

    @Option(help: "Read the losses from the device every so many steps. (default: 1, 16 on a GPU)")
    var loggingSteps: Int?

    @Option(help: "What data order, dropout and the new head are drawn from. (default: 42)")
    var seed: UInt64?

    @OptionGroup var run: ModelOptions

    @Option(help: "Save a checkpoint every so many steps, besides the one after each epoch.")
    var saveSteps: Int?

    @Option(help: "How many checkpoints are kept. (default: 2)")
    var keepCheckpoints: Int?

    @Flag(help: "Write scalars for TensorBoard into the folder tensorboard of --output-dir.")
    var tensorboard = false

    func validate() throws {
        if validationFile != nil, validationFraction != nil {
            throw ValidationError("give --validation-file or --validation-fraction, not both")
        }
    }

    /// The preset, then the file, then the command line.
    func resolved() throws -> TrainingOptions {
        let file = try config.map(SettingsFile.init(path:))
        var options = TrainingOptions(model: "", trainFile: "", outputDirectory: "")
        (preset ?? file?.preset)?.apply(to: &options)
        try file?.apply(to: &options)
        // A share given here wins over a file of questions named there.
        if validationFraction != nil { options.validationFile = nil }
        for case (let name, let value?) in given { try options.set(name, to: value) }
        options.tensorboard = tensorboard || options.tensorboard
        options.skipsDeviceCheck = run.skipDeviceCheck
        for (value, name) in [
            (options.model, "--model"), (options.trainFile, "--train-file"), (options.outputDirectory, "--output-dir"),
        ] where value.isEmpty {
            throw TrainingError.options("\(name) is missing; give it on the command line or in the file of --config")
        }
        return options
    }

    /// The resolved options, with what they name fetched where it is not here.
    func fetched() async throws -> TrainingOptions {
        var options = try resolved()
        options.model = try await ModelSource.folder(options.model, allowsPickle: run.allowPickle)
        options.trainFile = try await DatasetSource.path(options.trainFile, .train)
        if let file = options.validationFile { options.validationFile = try await DatasetSource.path(file, .dev) }
        return options
    }

    /// What the command line says, under the names that files use.
    private var given: [(String, JSONValue?)] {
        [
            ("model", model.map(JSONValue.string)), ("train_file", trainFile.map(JSONValue.string)),
            ("validation_file", validationFile.map(JSONValue.string)),
            ("validation_fraction", validationFraction.map(JSONValue.double)),
            ("split_by", splitBy.map { .string($0.rawValue) }), ("output_dir", outputDir.map(JSONValue.string)),
            ("max_length", length.maxLength.map(JSONValue.int)),
            ("truncation", length.truncation.map { .string($0.rawValue) }),
            ("doc_stride", length.docStride.map(JSONValue.int)), ("alignment", alignment.map { .string($0.rawValue) }),
            ("batch_size", batchSize.map(JSONValue.int)),
            ("gradient_accumulation_steps", gradientAccumulationSteps.map(JSONValue.int)),
            ("gradient_checkpointing", gradientCheckpointing.map(JSONValue.bool)),
            ("learning_rate", learningRate.map(JSONValue.double)), ("epochs", epochs.map(JSONValue.int)),
            ("max_steps", maxSteps.map(JSONValue.int)), ("warmup_ratio", warmupRatio.map(JSONValue.double)),
            ("weight_decay", weightDecay.map(JSONValue.double)), ("adam_epsilon", adamEpsilon.map(JSONValue.double)),
            ("max_grad_norm", maxGradNorm.map(JSONValue.double)),
            ("max_skipped_steps", maxSkippedSteps.map(JSONValue.int)),
            ("logging_steps", loggingSteps.map(JSONValue.int)), ("seed", seed.map { .string(String($0)) }),
            ("precision", run.precision == .auto ? nil : .string(run.precision.rawValue)),
            ("device", run.device == .auto ? nil : .string(run.device.rawValue)),
            ("save_steps", saveSteps.map(JSONValue.int)), ("keep_checkpoints", keepCheckpoints.map(JSONValue.int)),
        ]
    }
}
