import ArgumentParser
import BERT
import Evaluating
import FineTuning
import QuestionAnswering
import Torch

/// The options of every command that runs a model.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The precision of matrix products: auto, fp32, bf16 or fp16; for answering also int8, once "
                + "`bertqa quantize` has measured its loss for the model. auto takes bf16 if the device multiplies it "
                + "in hardware, else fp16 on GPUs of compute capability 7.0 or higher. "
                + "(default: auto)",
            valueName: "precision"))
    var precision: PrecisionChoice?

    @Option(help: ArgumentHelp("Where the model runs: auto, cpu, cuda or mps. (default: auto)", valueName: "device"))
    var device: DeviceChoice?

    @Flag(help: "Use a GPU without first comparing its results with the CPU's.")
    var skipDeviceCheck = false

    @Option(help: "CPU threads. (default: all cores)")
    var threads: Int?

    @Flag(
        help: ArgumentHelp(
            "Use slower GPU operations, also for attention's gradient, that compute the same bits in every run; an "
                + "operation that cannot do so ends the command. On the CPU it changes nothing: runs are repeatable "
                + "anyway."))
    var deterministic = false

    @Flag(
        help: ArgumentHelp(
            "Record the work of a GPU as CUDA graphs, so that it does not wait for launches. No GPU has run this yet: "
                + "compare what it gives with what comes without it first."))
    var cudaGraphs = false

    @Flag(help: "Convert weights that exist only as a pickle (pytorch_model.bin); none of its code is run.")
    var allowPickle = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads \(threads) must be at least 1") }
    }

    /// Sets what libtorch keeps for the whole process: the number of threads, how memory is reused, whether a GPU must
    /// repeat itself.
    func apply() throws(TorchError) {
        Runtime.tuneAllocator()
        if deterministic { try Runtime.setDeterministic(true) }
        if cudaGraphs { Runtime.setUsesGraphs(true) }
        if let threads { try Runtime.setThreads(threads) }
    }
}

extension PredictionOptions {
    /// The command line's options for answering a dataset.
    init(
        _ options: ModelOptions, features: FeatureOptions, decoder: SpanDecoder = SpanDecoder(),
        noAnswer: NoAnswerOptions? = nil
    ) {
        self.init()
        (self.features, self.decoder) = (features, decoder)
        (noAnswerThreshold, minScore) = (noAnswer?.noAnswerThreshold, noAnswer?.minScore)
        (precision, device) = (options.precision?.precision, options.device?.device)
        skipsDeviceCheck = options.skipDeviceCheck
    }
}

/// When a question is left unanswered.
struct NoAnswerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Leave a question unanswered if the probability that it has no answer is above this, 0 to 1; 1 always "
                + "answers. (default: the threshold stored with the model; without one every question is answered)",
            valueName: "probability"))
    var noAnswerThreshold: Double?

    @Option(
        help: ArgumentHelp(
            "Leave a question unanswered if the score of its best answer is below this, 0 to 1. `bertqa calibrate` "
                + "makes scores the probability that an answer is right. (default: every question is answered)",
            valueName: "score"))
    var minScore: Double?

    func validate() throws {
        if let minScore, !(0...1).contains(minScore) {
            throw ValidationError("--min-score \(minScore) must be a probability, 0 to 1")
        }
        if let noAnswerThreshold, !(0...1).contains(noAnswerThreshold) {
            throw ValidationError("--no-answer-threshold \(noAnswerThreshold) must be a probability, 0 to 1")
        }
    }
}

/// `--precision`
enum PrecisionChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case fp32
    case bf16
    case fp16
    case int8

    var precision: Precision? { Precision(rawValue: rawValue) }
}

/// `--device`
enum DeviceChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case cpu
    case cuda
    case mps

    var device: Device? { Device(rawValue: rawValue) }
}

extension ContextTruncation: ExpressibleByArgument {}
extension SpanAlignment: ExpressibleByArgument {}
extension SpanDecoding: ExpressibleByArgument {}
extension TrainingPreset: ExpressibleByArgument {}
extension DataSplit: ExpressibleByArgument {}
extension LearningRateShape: ExpressibleByArgument {}
