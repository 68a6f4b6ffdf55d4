import BERT
import FineTuning
import QuestionAnswering
import SQuAD
import Torch
import Tokenizers

/// A dataset and the model that is to answer it.
struct LoadedRun {
    let dataset: Dataset
    let examples: [Example]
    let loaded: LoadedModel
    let predictor: Predictor

    /// Loads both.
    init(model: String, data: String, options: ModelOptions) throws {
        dataset = try Dataset(path: data)
        examples = dataset.examples()
        loaded = try options.load(model)
        predictor = Predictor(model: loaded.model, tokenizer: loaded.tokenizer, device: options.resolvedDevice)
    }
}

extension ModelOptions {
    /// The device that the model runs on.
    var resolvedDevice: Device { device.device ?? Device.best }

    /// What the model computes in.
    var resolvedPrecision: Precision { precision.precision ?? .automatic(on: resolvedDevice) }

    /// Loads a model that is to answer.
    func load(_ folder: String) throws -> LoadedModel {
        try apply()
        guard resolvedDevice.isAvailable else { throw ReaderError.device(resolvedDevice) }
        return try LoadedModel(
            directory: folder, use: .inference, precision: resolvedPrecision, device: resolvedDevice,
            skipsDeviceCheck: skipDeviceCheck)
    }
}

/// Progress over rows or questions, and the time they took.
struct RowMeter {
    /// What is counted.
    private let unit: String
    /// How many of them were done before.
    private let before: Int
    private var meter = ProgressMeter()
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now

    /// Seconds since the beginning.
    var seconds: Double { (clock.now - start) / .seconds(1) }

    init(unit: String = "rows", before: Int = 0) {
        (self.unit, self.before) = (unit, before)
    }

    mutating func show(done: Int, of total: Int) {
        var line = "\(done)/\(total) \(unit)"
        if let pace = Pace(done: done, before: before, of: total, seconds: seconds) {
            line += "  \(Figures.fixed(pace.perSecond, 1)) \(unit)/s  \(Figures.duration(pace.secondsLeft)) left"
        }
        meter.show(line, always: done == total)
    }

    mutating func say(_ line: String) { meter.say(line) }

    mutating func finish() { meter.finish() }
}

/// A model run over a dataset that is in memory, with progress: what `evaluate` scores.
struct PredictionRun {
    let dataset: Dataset
    let examples: [Example]
    let tokenizer: Tokenizer
    let predictions: [Int: Prediction]
    /// What the option says, else the model; nil always answers.
    let noAnswerThreshold: Double?
    let questionsPerSecond: Double
    let parameterCount: Int
    let weightBytes: Int

    /// Loads both and runs the model.
    init(
        model: String, data: String, length: LengthOptions, options: ModelOptions, decoding: SpanDecoding = .joint,
        noAnswerThreshold: Double? = nil
    ) throws {
        let run = try LoadedRun(model: model, data: data, options: options)
        (dataset, examples, tokenizer) = (run.dataset, run.examples, run.loaded.tokenizer)
        self.noAnswerThreshold = noAnswerThreshold ?? run.loaded.model.config.noAnswerThreshold
        parameterCount = run.loaded.model.parameters.elementCount
        weightBytes = run.loaded.model.parameters.all.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.byteCount }
        let features = length.features()
        try features.validate(maxPositions: run.loaded.model.config.maxPositionEmbeddings)
        var predictor = run.predictor
        predictor.decoder.decoding = decoding
        var meter = RowMeter()
        let set = FeatureBuilder(tokenizer: tokenizer, options: features).build(examples, labelled: false)
        predictions = try predictor.predict(set.features) { done in
            meter.show(done: done, of: set.features.count)
        }.predictions
        questionsPerSecond = Double(examples.count) / meter.seconds
        meter.finish()
        for example in set.questionTooLong {
            meter.say("warning: question \(examples[example].id) leaves no room for its text; its answer is empty")
        }
        if set.long > 0, features.truncation != .windows {
            meter.say(
                "warning: \(set.long) of \(examples.count) texts are longer than \(features.maxLength) tokens and were cut; "
                    + "--truncation windows reads all of them")
        }
    }

    /// The answer for each question id; empty where there is none.
    var answers: [QuestionID: String] { Evaluation.texts(predictions, of: examples, threshold: noAnswerThreshold) }

    /// The best answer for each question id, however likely it is that there is none.
    var forcedAnswers: [QuestionID: String] { Evaluation.texts(predictions, of: examples, threshold: nil) }

    /// How likely each question is to have no answer.
    var noAnswerProbabilities: NoAnswerProbabilities {
        Evaluation.noAnswerProbabilities(predictions, of: examples)
    }

    /// The tutorial's scores.
    var tokenScores: TokenScores {
        Evaluation.tokenScores(predictions, of: examples, tokenizer: tokenizer, threshold: noAnswerThreshold)
    }
}
