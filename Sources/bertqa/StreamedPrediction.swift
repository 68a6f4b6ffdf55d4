import BERT
import Files
import FineTuning
import QuestionAnswering
import SQuAD
import StrictJSON
import Torch

/// What `predict` does: a model run over a dataset that is never in memory as a whole, each answer written down at once.
struct StreamedPrediction {
    private let data: String
    private let shard: DatasetShard
    /// All questions of the dataset, and those of the shard.
    private let total: Int
    private let wanted: Range<Int>
    private let loaded: LoadedModel
    private let predictor: Predictor
    private let features: FeatureOptions
    private let precision: Precision
    private let count: Int
    private let threshold: Double?
    private let model: String

    /// Walks through the data once, so that a mistake in it is told before anything is computed, and loads the model.
    init(
        model: String, data: String, shard: DatasetShard, length: LengthOptions, options: ModelOptions,
        decoding: SpanDecoding, noAnswerThreshold: Double?, count: Int
    ) throws {
        (self.model, self.data, self.shard, self.count) = (model, data, shard, count)
        let extent = try DatasetExtent(path: data)
        total = extent.questions
        wanted = try shard.questions(of: data, extent: extent)
        loaded = try options.load(model)
        threshold = noAnswerThreshold ?? loaded.model.config.noAnswerThreshold
        features = length.features()
        try features.validate(maxPositions: loaded.model.config.maxPositionEmbeddings)
        var predictor = Predictor(
            model: loaded.model, tokenizer: loaded.tokenizer, device: options.resolvedDevice)
        predictor.decoder.decoding = decoding
        self.predictor = predictor
        precision = options.resolvedPrecision
    }

    /// Answers the questions and writes the files.
    ///
    /// - Parameters:
    ///   - isShard: whether records for `bertqa merge` are written beside them.
    ///   - resume: whether what an earlier run has left is used.
    /// - Throws: `PredictionError`, `FileError`, `DatasetError`, and what reading throws.
    func write(to files: PredictionFiles, isShard: Bool, resume: Bool) throws {
        let identity = try identity(of: files)
        if resume, isShard, try ShardRecord.isComplete(files, identity: identity) {
            return StandardError.write("note: shard \(shard) is complete; nothing is left to do\n")
        }
        // From here on something would be lost.
        let interrupt = InterruptFlag(watchingSignals: true)
        let progress = try PredictionProgress(output: files.answers, identity: identity, resume: resume) {
            StandardError.write("warning: \($0)\n")
        }
        try answer(into: progress, interrupt)
        try files.write(from: progress)
        if isShard { try ShardRecord.write(for: files, identity: identity, questions: wanted, of: total) }
        try progress.remove()
    }

    private func answer(into progress: PredictionProgress, _ interrupt: InterruptFlag) throws {
        var meter = RowMeter(unit: "questions", before: progress.done)
        var done = progress.done
        let missing = (wanted.lowerBound + done)..<wanted.upperBound
        let builder = FeatureBuilder(tokenizer: loaded.tokenizer, options: features)
        var examples = try ExampleStream(path: data)
        var long = 0
        var stream = PredictionStream(predictor: predictor, count: count, wanted: missing) { predicted in
            try progress.add(PredictionRecord(predicted, threshold: threshold))
            done += 1
        } afterBatch: {
            try progress.save()
            try stopIfAsked(interrupt, progress, done: done)
            if done < wanted.count { meter.show(done: done, of: wanted.count) }
        }
        while !missing.isEmpty, let (first, part) = try examples.next() {
            try stopIfAsked(interrupt, progress, done: done)
            let set = builder.build(part, labelled: false, from: first)
            try stream.add(part, rows: set.features, from: first)
            if first + part.count > missing.lowerBound, first < missing.upperBound { long += set.long }
            for number in set.questionTooLong where missing.contains(number) {
                let id = part[number - first].id
                meter.say("warning: question \(id) leaves no room for its text; its answer is empty")
            }
            if stream.isComplete(after: first + part.count) { break }
        }
        try stream.finish()
        meter.show(done: done, of: wanted.count)
        meter.finish()
        warn(ofLong: long, &meter)
    }

    private func warn(ofLong long: Int, _ meter: inout RowMeter) {
        guard long > 0, features.truncation != .windows else { return }
        meter.say(
            "warning: \(long) of \(wanted.count) texts are longer than \(features.maxLength) tokens and were cut; "
                + "--truncation windows reads all of them")
    }

    private func stopIfAsked(_ interrupt: InterruptFlag, _ progress: PredictionProgress, done: Int) throws {
        guard interrupt.isRaised else { return }
        try progress.synchronize()
        throw PredictionError.interrupted(done: done, total: wanted.count, progress: progress.path)
    }

    private func identity(of files: PredictionFiles) throws(FileError) -> PredictionIdentity {
        let windows = features.truncation == .windows
        return try PredictionIdentity(
            model: model, data: data,
            options: [
                ("max_length", .int(features.maxLength)), ("truncation", .string(features.truncation.rawValue)),
                ("doc_stride", windows ? .int(features.overlap) : .null),
                ("decoding", .string(predictor.decoder.decoding.rawValue)),
                ("no_answer_threshold", threshold.map(JSONValue.double) ?? .null),
                ("n_best", files.best == nil ? .null : .int(count)),
                ("na_prob_output", .bool(files.noAnswer != nil)), ("precision", .string(precision.rawValue)),
            ], shard: shard, device: predictor.device)
    }
}
