import ArgumentParser
import FineTuning
import QuestionAnswering
import StrictJSON

/// The options of a training run, from the command line, a file and a preset. Names and help come from
/// `TrainingOption`: a property here is the option of that name in another spelling.
struct TrainingArguments: ParsableArguments {
    @Option(help: "A YAML file with settings, or the run.json of an earlier run.", completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("A set of settings: tutorial or fast.", valueName: "preset"))
    var preset: TrainingPreset?

    @Option(help: .training("model"), completion: .directory) var model: String?
    @Option(help: .training("train_file"), completion: .file()) var trainFile: [String] = []
    @Option(help: .training("validation_file"), completion: .file()) var validationFile: String?
    @Option(help: .training("validation_fraction")) var validationFraction: Double?
    @Option(help: .training("split_by", valueName: "unit")) var splitBy: DataSplit?
    @Option(help: .training("output_dir"), completion: .directory) var outputDir: String?
    @OptionGroup var length: LengthOptions
    @Option(help: .training("alignment", valueName: "alignment")) var alignment: SpanAlignment?
    @Flag(inversion: .prefixedNo, help: .training("drop_lost_answers")) var dropLostAnswers: Bool?
    @Option(help: .training("batch_size")) var batchSize: Int?
    @Option(help: .training("gradient_accumulation_steps")) var gradientAccumulationSteps: Int?
    @Flag(inversion: .prefixedNo, help: .training("gradient_checkpointing")) var gradientCheckpointing: Bool?
    @Option(help: .training("learning_rate")) var learningRate: Double?
    @Option(help: .training("lr_scheduler", valueName: "shape")) var lrScheduler: LearningRateShape?
    @Option(help: .training("layerwise_decay")) var layerwiseDecay: Double?
    @Option(help: .training("freeze_layers")) var freezeLayers: Int?
    @Option(help: .training("label_smoothing")) var labelSmoothing: Double?
    @Option(help: .training("epochs")) var epochs: Int?
    @Option(help: .training("max_steps")) var maxSteps: Int?
    @Option(help: .training("teacher"), completion: .directory) var teacher: [String] = []
    @Option(help: .training("distillation_temperature")) var distillationTemperature: Double?
    @Option(help: .training("distillation_weight")) var distillationWeight: Double?
    @Option(help: .training("average", valueName: "share")) var average: Double?
    @Option(help: .training("early_stopping_patience")) var earlyStoppingPatience: Int?
    @Option(help: .training("warmup_ratio")) var warmupRatio: Double?
    @Option(help: .training("weight_decay")) var weightDecay: Double?
    @Option(help: .training("adam_epsilon")) var adamEpsilon: Double?
    @Option(help: .training("max_grad_norm")) var maxGradNorm: Double?
    @Option(help: .training("max_skipped_steps")) var maxSkippedSteps: Int?
    @Option(help: .training("max_answer_length")) var maxAnswerLength: Int?
    @Option(help: .training("logging_steps")) var loggingSteps: Int?
    @Option(help: .training("seed")) var seed: UInt64?
    @OptionGroup var run: ModelOptions
    @Option(help: .training("save_steps")) var saveSteps: Int?
    @Option(help: .training("keep_checkpoints")) var keepCheckpoints: Int?
    @Flag(inversion: .prefixedNo, help: .training("tensorboard")) var tensorboard: Bool?

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
        for (name, value) in given { try options.set(name, to: value) }
        for (value, name) in [
            (options.model, "model"), (options.trainFile, "train_file"), (options.outputDirectory, "output_dir"),
        ] where value.isEmpty {
            throw TrainingError.options("`\(name)` is missing; give it on the command line or in the file of --config")
        }
        return options
    }

    /// The resolved options, with what they name fetched where it is not here; the process is set up by them.
    func prepared() async throws -> TrainingOptions {
        let options = try await fetched()
        try options.prepareProcess()
        return options
    }

    /// The resolved options, with what they name fetched where it is not here.
    func fetched() async throws -> TrainingOptions {
        var options = try resolved()
        options.model = try await ModelSource.folder(options.model, allowsPickle: options.allowsPickle)
        for number in options.trainFiles.indices {
            options.trainFiles[number].path = try await DatasetSource.path(options.trainFiles[number].path, .train)
        }
        options.teachers = try await ModelSource.folders(options.teachers, allowsPickle: options.allowsPickle)
        if let file = options.validationFile { options.validationFile = try await DatasetSource.path(file, .dev) }
        return options
    }

    /// What the command line says, under the names that files use.
    private var given: [(name: String, value: JSONValue)] {
        GivenArguments.of(self).filter { !["config", "preset"].contains($0.name) }
    }
}

extension ArgumentHelp {
    /// The help of a training option, its default included. An option that the table does not have is hidden; a test
    /// finds it.
    static func training(_ name: String, valueName: String? = nil) -> ArgumentHelp {
        var help = TrainingOption.named(name).map { ArgumentHelp(stringLiteral: $0.helpWithDefault) }
        help?.valueName = valueName
        return help ?? .hidden
    }
}
