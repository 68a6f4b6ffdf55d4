import BERT
import FineTuning
import QuestionAnswering
import SQuAD
import Torch
import WordPiece

/// What `predict` and `evaluate` have in common: a model run over a dataset, with progress.
struct PredictionRun {
    let dataset: Dataset
    let examples: [Example]
    let tokenizer: Tokenizer
    let candidates: [Int: [Candidate]]
    let questionsPerSecond: Double

    /// Loads both and runs the model.
    init(
        model: String, data: String, length: LengthOptions, options: ModelOptions, count: Int = 1
    ) throws {
        dataset = try Dataset(path: data)
        examples = dataset.examples()
        try options.apply()
        let device = options.device.device ?? Device.best
        guard device.isAvailable else { throw ReaderError.device(device) }
        let features = FeatureOptions(maxLength: length.maxLength, docStride: length.docStride)
        let loaded = try LoadedModel(
            directory: model, use: .inference, precision: options.precision.precision ?? .automatic(on: device),
            device: device)
        try features.validate(maxPositions: loaded.model.config.maxPositionEmbeddings)
        tokenizer = loaded.tokenizer
        let clock = ContinuousClock()
        let start = clock.now
        let set = FeatureBuilder(tokenizer: tokenizer, options: features).build(examples, labelled: false)
        let predictor = Predictor(model: loaded.model, tokenizer: tokenizer, device: device)
        var meter = ProgressMeter()
        let total = set.features.count
        candidates = try predictor.predict(set.features, count: count) { done in
            let seconds = (clock.now - start) / .seconds(1)
            let left = seconds / Double(done) * Double(total - done)
            meter.show(
                "\(done)/\(total) rows  \(Figures.fixed(Double(done) / seconds, 1)) rows/s  \(Figures.duration(left)) left",
                always: done == total)
        }.candidates
        questionsPerSecond = Double(examples.count) / ((clock.now - start) / .seconds(1))
        meter.finish()
        for example in set.questionTooLong {
            meter.say("warning: question \(examples[example].id) leaves no room for its text; its answer is empty")
        }
        if set.long > 0, length.docStride == nil {
            meter.say(
                "warning: \(set.long) of \(examples.count) texts are longer than \(length.maxLength) tokens and were cut; "
                    + "--doc-stride 128 reads all of them")
        }
    }

    /// The best answer for each question id.
    var predictions: Predictions { Predictions(Evaluation.texts(candidates, of: examples)) }
}
