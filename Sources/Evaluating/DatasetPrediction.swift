import BERT
import Console
import QuestionAnswering
import SQuAD
import Tokenizers

/// A model's answers to a dataset that is in memory, with progress on standard error: what `evaluate` scores.
public struct DatasetPrediction {
    /// The dataset.
    public let dataset: Dataset
    /// A question is left unanswered if its no-answer probability is above this: the option's value, else the model's;
    /// nil answers all.
    public let noAnswerThreshold: Double?
    /// A question is left unanswered if its best score is below this; nil answers all.
    public let minScore: Double?
    /// Whether scores are probabilities that answers are right: whether the model was calibrated.
    public let isCalibrated: Bool
    /// Questions answered a second.
    public let questionsPerSecond: Double
    /// The number of the model's parameters.
    public let parameterCount: Int
    /// The bytes that its weights take up.
    public let weightBytes: Int
    private let examples: [Example]
    private let decoder: SpanDecoder
    private let tokenizer: Tokenizer
    private let predictions: [Int: Prediction]

    /// Loads both and runs the model.
    ///
    /// - Throws: `DatasetError`, also for a dataset without answers, `ReaderError`, and what the model throws.
    public init(model: String, data: String, options: PredictionOptions) throws {
        try self.init(models: [model], data: data, options: options)
    }

    /// Loads the dataset and one or more models, which answer together: the probability of each token is the mean of
    /// theirs.
    ///
    /// - Throws: as `init(model:data:options:)`; also for models with different tokenizers.
    public init(models: [String], data: String, options: PredictionOptions) throws {
        let dataset = try Dataset(path: data)
        try DatasetExtent(dataset).requireAnswers(data)
        try self.init(dataset, loaded: options.load(models), options: options)
    }

    /// Runs a model that was loaded with these options.
    ///
    /// - Parameter progress: called after each pass; what it throws ends the run.
    init(
        _ dataset: Dataset, loaded: LoadedModel, options: PredictionOptions, progress: () throws -> Void = {}
    ) throws {
        self.dataset = dataset
        examples = dataset.examples()
        decoder = options.decoder
        tokenizer = loaded.tokenizer
        noAnswerThreshold = options.noAnswerThreshold ?? loaded.noAnswerThreshold
        minScore = options.minScore
        isCalibrated = loaded.isCalibrated
        (parameterCount, weightBytes) = (loaded.parameterCount, loaded.weightBytes)
        let options = try options.fitted(to: loaded)
        var meter = RowMeter()
        defer { meter.finish() }
        let set = FeatureBuilder(tokenizer: tokenizer, options: options.features).build(examples, labelled: false)
        predictions = try options.predictor(loaded).predict(set.features) { done in
            meter.show(done: done, of: set.features.count)
            try progress()
        }.predictions
        questionsPerSecond = Double(examples.count) / meter.seconds
        for example in set.questionTooLong { meter.say(Self.warning(questionTooLong: examples[example])) }
        if let warning = options.features.warning(cut: set.long, of: examples.count) { meter.say(warning) }
    }

    static func warning(questionTooLong example: Example) -> String {
        "warning: question \(example.id) leaves no room for its text; its answer is empty"
    }

    /// The answer for each question id; empty if there is none.
    public var answers: [QuestionID: String] {
        Evaluation.texts(predictions, of: examples, threshold: noAnswerThreshold, minScore: minScore)
    }

    /// The best answer for each question id, however likely it is that there is none; empty if its score is below
    /// `minScore`.
    public var forcedAnswers: [QuestionID: String] {
        Evaluation.texts(predictions, of: examples, threshold: nil, minScore: minScore)
    }

    /// How well scores predict whether answers are right, regardless of `minScore`. "No answer" counts as an answer.
    package func reliability(rules: ScoringRules = .squad) -> Reliability {
        let texts = Evaluation.texts(predictions, of: examples, threshold: noAnswerThreshold)
        let scores = SQuADMetrics.questionScores(dataset, predictions: texts, rules: rules)
        return Reliability(
            examples.indices.map { index in
                let prediction = predictions[index]
                let score = prediction.map { prediction in
                    prediction.answer(threshold: noAnswerThreshold).map { Double($0.probability) }
                        ?? prediction.noAnswerProbability
                }
                return Reliability.Outcome(score: score ?? 0, isRight: scores[index].exactMatch > 0)
            })
    }

    /// The samples for fitting a calibration, if predictions were made for that.
    func calibrationSamples(rules: ScoringRules) -> [CalibrationSample] {
        CalibrationSample.samples(predictions, of: examples, in: dataset, rules: rules)
    }

    /// How likely each question is to have no answer.
    public var noAnswerProbabilities: NoAnswerProbabilities {
        Evaluation.noAnswerProbabilities(predictions, of: examples)
    }

    /// How many questions have no acceptable answer that is short enough to be predicted.
    public var longAnswers: Int {
        guard decoder.decoding == .joint else { return 0 }
        let limit = decoder.maxAnswerLength
        return examples.count { example in
            !example.answers.isEmpty
                && example.answers.allSatisfy { answer in
                    // A token has at least one byte.
                    answer.text.utf8.count > limit && tokenizer.tokenize(answer.text).count > limit
                }
        }
    }

    /// The tutorial's scores.
    public var tokenScores: TokenScores {
        Evaluation.tokenScores(
            predictions, of: examples, tokenizer: tokenizer, threshold: noAnswerThreshold, minScore: minScore)
    }
}

extension FeatureOptions {
    /// The warning about texts that were cut; nil if none was.
    func warning(cut: Int, of total: Int) -> String? {
        guard cut > 0, truncation != .windows else { return nil }
        return
            "warning: \(cut) of \(total) texts are longer than \(maxLength) tokens and were cut; `truncation` windows "
            + "reads all of them"
    }
}
