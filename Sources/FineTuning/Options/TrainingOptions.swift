import BERT
import QuestionAnswering
import StrictJSON
import Torch

/// Everything that decides what a training run computes, and where it writes. `TrainingOption.all` lists the names and
/// ranges.
public struct TrainingOptions: Sendable {
    /// The pretrained model's directory.
    public var model: String
    /// The files to train on, at least one.
    public var trainFiles: [TrainingSource]
    /// The first file to train on; setting it makes it the only one, and all of it is used.
    public var trainFile: String {
        get { trainFiles.first?.path ?? "" }
        set { trainFiles = [TrainingSource(newValue)] }
    }
    /// The SQuAD file to validate on after each epoch; nil splits off some of the training questions.
    public var validationFile: String?
    /// The share of the training questions to validate on if there is no validation file; 0 does not validate.
    public var validationFraction = 0.05
    /// Whether questions or whole articles are split off.
    public var splitBy = DataSplit.question
    /// The directory that the run is written to.
    public var outputDirectory: String
    /// How rows are cut.
    public var features = FeatureOptions()
    /// Rows of one forward and backward pass.
    public var batchSize = 16
    /// Passes whose gradients are added up for one step.
    public var gradientAccumulationSteps = 1
    /// Whether each layer is computed again in the backward pass instead of being kept: less memory for more time. The
    /// results are the same, so a run may be resumed with or without it.
    public var gradientCheckpointing = false
    /// The highest learning rate.
    public var learningRate = 2e-5
    /// The course of the learning rate after warm-up.
    public var learningRateShape = LearningRateShape.linear
    /// The factor by which the learning rate falls for each layer below the last, above 0 and at most 1; the head and
    /// the last layer have the full rate.
    public var layerwiseDecay = 1.0
    /// The number of layers, counted from the embeddings, that are frozen together with the embeddings; 0 for the
    /// embeddings alone, nil to train everything.
    public var freezeLayers: Int?
    /// The share of each label that is spread evenly over all tokens of its row, at least 0 and below 1.
    public var labelSmoothing = 0.0
    /// How often every row is seen.
    public var epochs = 3
    /// The run ends after this many steps even if epochs are left; nil for no such end.
    public var maxSteps: Int?
    /// The directories of fine-tuned models to learn from in addition to the labels, with the tokenizer of `model`.
    public var teachers: [String] = []
    /// Logits are divided by this before the distributions of the teachers and of the model are compared.
    public var distillationTemperature = 2.0
    /// The weight of the teachers relative to the labels, 0 to 1.
    public var distillationWeight = 0.5
    /// The share of the steps, counted from the end, whose weights are averaged; 0 for no average.
    public var average = 0.0
    /// The run ends after this many epochs in a row without a better validation F1; nil for no such end.
    public var earlyStoppingPatience: Int?
    /// The share of the steps during which the learning rate rises.
    public var warmupRatio = 0.0
    /// Decay of weights, except biases and layer norms.
    public var weightDecay = 0.0
    /// AdamW's epsilon.
    public var adamEpsilon = 1e-8
    /// The limit that the joint norm of the gradients is clipped to; 0 does not clip.
    public var maxGradNorm = 1.0
    /// How many steps in a row may be skipped because their loss or gradients are not finite; one more ends the run.
    public var maxSkippedSteps = 3
    /// The most tokens of an answer in the validation.
    public var maxAnswerLength = SpanDecoder().maxAnswerLength
    /// Losses and norms are read from the device, and shown, every N steps. Nil reads them after each step on the CPU,
    /// and every 16 steps elsewhere, where reading makes the device wait for the next step. The results are the same.
    public var loggingSteps: Int?
    /// The seed of data order, dropout and a new head.
    public var seed: UInt64 = 42
    /// The precision of matrix products; nil takes bf16 if the device multiplies it in hardware.
    public var precision: Precision?
    /// Where the model runs; nil takes the best device there is.
    public var device: Device?
    /// Whether a device other than the CPU is trusted without `DeviceCheck`.
    public var skipsDeviceCheck = false
    /// Threads of the CPU; nil takes all cores. Set for the whole process by `prepareProcess()`.
    public var threads: Int?
    /// Whether a GPU computes the same bits in every run, by slower operations. Set by `prepareProcess()`.
    public var deterministic = false
    /// Whether the steps are recorded as CUDA graphs, whose dropout masks are others. Set for reading, too, by
    /// `prepareProcess()`.
    public var cudaGraphs = false
    /// Whether weights that exist only as a pickle may be converted, by the caller that fetches the model.
    public var allowsPickle = false
    /// Steps between two checkpoints; nil saves only at the end of each epoch.
    public var saveSteps: Int?
    /// How many checkpoints are kept, the newest ones.
    public var checkpointsKept = 2
    /// Whether scalars are written to `tensorboard/` of the output directory, for TensorBoard.
    public var tensorboard = false
    /// Whether to continue from the newest whole checkpoint of the output directory.
    public var resume = false

    /// The tutorial's settings for a model, a file to train on and a directory to write to.
    public init(model: String, trainFile: String, outputDirectory: String) {
        self.model = model
        trainFiles = [TrainingSource(trainFile)]
        self.outputDirectory = outputDirectory
    }

    /// Rows that one process computes in a step.
    var rowsOfAProcess: Int { batchSize * gradientAccumulationSteps }

    /// Checks each option by itself, and the options that depend on each other.
    ///
    /// - Throws: `TrainingError.options` that names the first option that is out of range.
    public func validate() throws(TrainingError) {
        for option in TrainingOption.all {
            if let fault = option.fault(in: self) { throw .options(fault) }
        }
        let countsSeveral = trainFiles.contains { $0.answers != .first }
        if countsSeveral, features.alignment == .mask || features.dropsLostAnswers {
            throw .options(
                "`train_file` with answers=all or anywhere needs `alignment` offsets, and no `drop_lost_answers`")
        }
        if earlyStoppingPatience != nil, validationFile == nil, validationFraction == 0 {
            throw .options(
                "`early_stopping_patience` needs a validation: give `validation_file`, or a `validation_fraction` "
                    + "above 0")
        }
    }

    /// Sets what libtorch keeps for the whole process: the number of threads, how memory is reused, whether a GPU must
    /// repeat its bits.
    package func prepareProcess() throws(TorchError) {
        Runtime.tuneAllocator()
        if deterministic { try Runtime.setDeterministic(true) }
        if cudaGraphs { Runtime.setUsesGraphs(true) }
        if let threads { try Runtime.setThreads(threads) }
    }

    /// The options with the device and the precision that "auto" means here.
    func resolved(device: Device, precision: Precision) -> TrainingOptions {
        var options = self
        (options.device, options.precision) = (device, precision)
        return options
    }
}

extension TrainingOptions {
    /// Sets an option by its name.
    ///
    /// - Throws: `TrainingError.options` if there is no such option, or it takes another kind of value.
    package mutating func set(_ name: String, to value: JSONValue) throws(TrainingError) {
        guard let option = TrainingOption.named(name) else {
            let names = TrainingOption.all.map(\.name).sorted().joined(separator: ", ")
            throw .options("there is no setting '\(name)'; there are \(names)")
        }
        // What run.json records as null has its default.
        if value == .null { return }
        guard try option.set(&self, value) else {
            throw .options("\(name): \(option.expected) was expected, not \(value.serialized())")
        }
    }

    /// All options except the output directory, in the form of a file for `--config`, to repeat the run elsewhere.
    package var settings: JSONValue { json { $0.name != "output_dir" } }

    /// The options that `run.json` records in addition to the model and the files, which it names with their checksums.
    var record: JSONValue { json { !$0.isPath } }

    /// The values for runs that were started before these options existed.
    static let earlierValues: [String: JSONValue] = [
        "max_answer_length": .int(30), "lr_scheduler": "linear", "layerwise_decay": .double(1),
        "label_smoothing": .double(0), "average": .double(0), "distillation_temperature": .double(2),
        "distillation_weight": .double(0.5),
        "cuda_graphs": .bool(false),
    ]

    /// The options that affect results: a run can only be resumed with the same ones, and all processes need them.
    var deciding: JSONValue { json(\.decidesNumbers) }

    private func json(_ isIncluded: (TrainingOption) -> Bool) -> JSONValue {
        .object(JSONObject(TrainingOption.all.filter(isIncluded).map { ($0.name, $0.value(self)) }))
    }
}
