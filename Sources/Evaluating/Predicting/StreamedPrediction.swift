import BERT
import Console
import Files
import QuestionAnswering
import SQuAD
import StrictJSON

/// What `predict` does: a model answers a dataset that is never in memory as a whole, and each answer is stored at
/// once.
package struct StreamedPrediction {
    private let models: [String]
    private let data: String
    private let shard: DatasetShard
    private let options: PredictionOptions
    private let count: Int
    /// The dataset's extent.
    package let extent: DatasetExtent
    /// The questions of the shard.
    private let wanted: Range<Int>
    private let predictor: Predictor
    private let threshold: Double?

    /// Reads through the data once, so that a mistake in it is reported before anything is computed, and loads the
    /// model.
    ///
    /// - Parameters:
    ///   - models: the folders of one or more fine-tuned models with the same tokenizer, which answer together.
    ///   - count: how many candidates each question gets.
    /// - Throws: `DatasetError`, `ReaderError`.
    package init(
        models: [String], data: String, shard: DatasetShard, options: PredictionOptions, count: Int
    ) throws {
        (self.models, self.data, self.shard, self.count) = (models, data, shard, count)
        extent = try DatasetExtent(path: data)
        wanted = try shard.questions(of: data, extent: extent)
        let loaded = try options.load(models)
        threshold = options.noAnswerThreshold ?? loaded.noAnswerThreshold
        self.options = try options.fitted(to: loaded)
        predictor = options.predictor(loaded)
    }

    /// Answers the questions and writes the files.
    ///
    /// - Parameters:
    ///   - isShard: whether records for `bertqa merge` are written beside them.
    ///   - resume: whether the answers of an earlier run are used.
    /// - Throws: `EvaluationError`, `FileError`, `DatasetError`, and what reading throws.
    package func write(to files: PredictionFiles, isShard: Bool, resume: Bool) throws {
        if isShard, let stream = try files.kinds.first(where: { try OutputStreams.contains($0.path) }) {
            throw EvaluationError.output(
                "\(stream.path) is a device or a pipe; `shard` needs a file, for `bertqa merge`")
        }
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
        if isShard { try ShardRecord.write(for: files, identity: identity, questions: wanted, of: extent.questions) }
        try progress.remove()
    }

    private func answer(into progress: PredictionProgress, _ interrupt: InterruptFlag) throws {
        var meter = RowMeter(unit: "questions", before: progress.done)
        defer { meter.finish() }
        var done = progress.done
        let missing = (wanted.lowerBound + done)..<wanted.upperBound
        let builder = FeatureBuilder(tokenizer: predictor.tokenizer, options: options.features)
        var examples = try ExampleStream(path: data, ids: extent.ids)
        var long = 0
        var stream = PredictionStream(predictor: predictor, count: count, wanted: missing) { predicted in
            try progress.add(PredictionRecord(predicted, threshold: threshold, minScore: options.minScore))
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
                meter.say(DatasetPrediction.warning(questionTooLong: part[number - first]))
            }
            if stream.isComplete(after: first + part.count) { break }
        }
        try stream.finish()
        meter.show(done: done, of: wanted.count)
        if let warning = options.features.warning(cut: long, of: wanted.count) { meter.say(warning) }
    }

    private func stopIfAsked(_ interrupt: InterruptFlag, _ progress: PredictionProgress, done: Int) throws {
        guard interrupt.isRaised else { return }
        try progress.synchronize()
        throw EvaluationError.interrupted(done: done, total: wanted.count, progress: progress.path)
    }

    private func identity(of files: PredictionFiles) throws -> PredictionIdentity {
        let features = options.features
        let windows = features.truncation == .windows
        return try PredictionIdentity(
            models: models, data: data,
            options: [
                ("max_length", .int(features.maxLength)), ("truncation", .string(features.truncation.rawValue)),
                ("doc_stride", windows ? .int(features.overlap) : .null),
                ("decoding", .string(predictor.decoder.decoding.rawValue)),
                ("max_answer_length", .int(predictor.decoder.maxAnswerLength)),
                ("no_answer_threshold", threshold.map(JSONValue.double) ?? .null),
                ("min_score", options.minScore.map(JSONValue.double) ?? .null),
                ("n_best", files.best == nil ? .null : .int(count)),
                ("na_prob_output", .bool(files.noAnswer != nil)),
                ("precision", .string(options.resolvedPrecision.rawValue)),
            ], shard: shard, device: predictor.device)
    }
}
