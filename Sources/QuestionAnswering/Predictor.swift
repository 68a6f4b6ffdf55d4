import BERT
import Torch
import Tokenizers

/// The loss and the accuracy of one pass over rows with labels.
package struct SpanLoss: Sendable {
    /// The mean over rows of the cross entropies of start and end.
    package var loss = 0.0
    /// The share of start and end tokens that the argmax over the row gets right.
    package var accuracy = 0.0
    /// The number of rows.
    package var rows = 0

    /// What rows came to.
    package init(loss: Double = 0, accuracy: Double = 0, rows: Int = 0) {
        (self.loss, self.accuracy, self.rows) = (loss, accuracy, rows)
    }
}

/// Runs a model over rows without recording gradients, and decodes its spans. Keeps no logits.
package struct Predictor {
    /// The model.
    package let model: QuestionAnsweringModel
    /// Its tokenizer.
    package let tokenizer: Tokenizer
    /// The models that answer together with it, each with its tokenizer.
    private var partners: [(model: QuestionAnsweringModel, tokenizer: Tokenizer)] = []
    /// The passes of each of the models as graphs; empty where they run plainly.
    private var graphs: [ReadingGraphs] = []
    /// Where they run.
    package let device: Device
    /// How spans are chosen.
    package var decoder = SpanDecoder()
    /// How scores are computed: by the model's calibration, if it has one.
    package var scoring: Scoring
    /// The most tokens of one pass, unless a single row has more.
    package var tokenBudget = 4096

    /// A predictor over a loaded model.
    package init(model: QuestionAnsweringModel, tokenizer: Tokenizer, device: Device) {
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        scoring = Scoring(model.config)
    }

    /// A predictor over a loaded model and its partners.
    package init(_ loaded: LoadedModel, device: Device) {
        self.init(model: loaded.model, tokenizer: loaded.tokenizer, device: device)
        partners = loaded.partners.map { ($0.model, $0.tokenizer) }
        scoring = loaded.scoring
        guard Runtime.usesGraphs, device.recordsGraphs else { return }
        graphs = ([loaded] + loaded.partners).map {
            ReadingGraphs(model: $0.model, tokenizer: $0.tokenizer, device: device)
        }
        tokenBudget = ReadingGraphs.tokenBudget
    }

    /// The predictions, of `count` candidates each, of the examples that have rows, by the examples' numbers; and loss
    /// and accuracy if the rows carry labels.
    ///
    /// - Parameters:
    ///   - features: rows in the order of their examples, all windows of an example together.
    ///   - progress: called after each pass with the number of rows read.
    package func predict(
        _ features: [Feature], count: Int = 1, labelled: Bool = false, progress: (Int) throws -> Void = { _ in }
    ) throws -> (predictions: [Int: Prediction], loss: SpanLoss) {
        var merger = WindowMerger(decoder: decoder, count: count, scoring: scoring)
        var predictions: [Int: Prediction] = [:]
        var loss = SpanLoss()
        let decoding = merger.decoding
        try forEachReading(features, progress: progress) { _, row, logits in
            decoding.read(row, logits: logits)
        } _: { row, reading, logits in
            if let (example, prediction) = merger.add(row, reading) { predictions[example] = prediction }
            if labelled { loss.add(row, logits: logits) }
        }
        if let (example, prediction) = merger.finish() { predictions[example] = prediction }
        return (predictions, loss.mean())
    }

    /// Runs the models over rows in batches and hands each row's logits, start and end alternating, to `body`.
    ///
    /// - Throws: `TorchError`; `ReaderError.notFinite` that names the weights that are not finite, if there are such;
    ///   `ReaderError.model` if the weights are in a mapped file that was changed.
    package func forEachRow(
        _ features: [Feature], progress: (Int) throws -> Void, _ body: (Feature, ArraySlice<Float>) -> Void
    ) throws {
        try forEachPass(features, progress: progress) { rows, logits in
            for (row, range) in zip(rows, Self.places(of: rows)) { body(row, logits[range]) }
        }
    }

    /// Runs the models over rows in batches, reads each row's logits on all cores, and hands the readings to `body` in
    /// the order of the rows.
    ///
    /// A fast GPU computes logits faster than one core finds spans in them.
    ///
    /// - Parameter reading: what is wanted of a row: its number, the row, its logits as in `forEachRow`.
    /// - Throws: as `forEachRow`.
    package func forEachReading<Reading: Sendable>(
        _ features: [Feature], progress: (Int) throws -> Void = { _ in },
        reading: @Sendable (Int, Feature, ArraySlice<Float>) -> Reading,
        _ body: (Feature, Reading, ArraySlice<Float>) -> Void
    ) throws {
        var first = 0
        try forEachPass(features, progress: progress) { rows, logits in
            Self.read(rows, logits, from: first, reading: reading, body)
            first += rows.count
        }
    }

    /// The same for a pass that was begun.
    package func forEachReading<Reading: Sendable>(
        of pass: PendingPass, reading: @Sendable (Int, Feature, ArraySlice<Float>) -> Reading,
        _ body: (Feature, Reading, ArraySlice<Float>) -> Void
    ) throws {
        Self.read(pass.rows, try finish(pass), from: 0, reading: reading, body)
    }

    private static func read<Reading: Sendable>(
        _ rows: [Feature], _ logits: [Float], from first: Int,
        reading: @Sendable (Int, Feature, ArraySlice<Float>) -> Reading,
        _ body: (Feature, Reading, ArraySlice<Float>) -> Void
    ) {
        let places = places(of: rows)
        let readings = onAllCores(rows.count) { reading(first + $0, rows[$0], logits[places[$0]]) }
        for (number, row) in rows.enumerated() { body(row, readings[number], logits[places[number]]) }
    }

    private func forEachPass(
        _ features: [Feature], progress: (Int) throws -> Void, _ body: ([Feature], [Float]) -> Void
    ) throws {
        var waiting: PendingPass?
        var done = 0
        func finishWaiting() throws {
            guard let pass = waiting else { return }
            body(pass.rows, try finish(pass))
            done += pass.rows.count
            try progress(done)
            waiting = nil
        }
        for range in BatchPlan.byTokens(features, budget: tokenBudget) {
            // The device goes on with this pass while the host reads the one before.
            let pass = try begin(Array(features[range]))
            try finishWaiting()
            waiting = pass
            if !runsAhead { try finishWaiting() }
        }
        try finishWaiting()
    }

    /// Where the logits of each row are.
    private static func places(of rows: [Feature]) -> [Range<Int>] {
        var start = 0
        return rows.map { row in
            defer { start += 2 * row.length }
            return start..<(start + 2 * row.length)
        }
    }

    /// Whether the device computes by itself what it was given, so that a pass had better be begun before the one
    /// before it is read.
    package var runsAhead: Bool { device != .cpu || !graphs.isEmpty }

    /// Begins a pass of all models over rows; where `runsAhead` is false it is also done then.
    package func begin(_ rows: [Feature]) throws -> PendingPass {
        let models = [(model, tokenizer)] + partners.map { ($0.model, $0.tokenizer) }
        let logits = try models.enumerated().map { number, one in
            graphs.isEmpty
                ? try Self.beginPlainly(rows, one.0, one.1, device) : try graphs[number].begin(rows)
        }
        return PendingPass(rows: rows, logits: logits)
    }

    /// Waits for a pass: the logits of its rows, the models' average.
    private func finish(_ pass: PendingPass) throws -> [Float] {
        let models = [model] + partners.map(\.model)
        let all = try zip(models, pass.logits).map { model, pending in try checked(pending.array(), of: model) }
        return all.count == 1 ? all[0] : LogitAverage.of(all, rows: pass.rows)
    }

    private func checked(_ logits: [Float], of model: QuestionAnsweringModel) throws -> [Float] {
        do {
            try model.parameters.checkSource()
        } catch {
            throw ReaderError.model(error)
        }
        guard logits.allSatisfy(\.isFinite) else { throw try Self.notFinite(model) }
        return logits
    }

    private static func beginPlainly(
        _ rows: [Feature], _ model: QuestionAnsweringModel, _ tokenizer: Tokenizer, _ device: Device
    ) throws(TorchError) -> PendingLogits {
        let batch = try PackedBatch(rows, tokenizer: tokenizer, config: model.config, device: device)
        let logits = try withoutGradients { () throws(TorchError) in try model(batch.input).to(.float32) }
        return PendingLogits(copy: try HostCopy(of: logits), tokenCount: batch.tokenCount)
    }

    private static func notFinite(_ model: QuestionAnsweringModel) throws -> ReaderError {
        for (name, tensor) in model.parameters.all where try !tensor.allFinite() {
            return .notFinite(
                "the weights \(name) have numbers that are not finite; the model is damaged, use another copy")
        }
        return .notFinite("the model's logits are not finite, though its weights are; try `precision` fp32")
    }
}

extension SpanLoss {
    /// Adds one row's cross entropies and hits; `mean` divides by the rows.
    fileprivate mutating func add(_ row: Feature, logits: ArraySlice<Float>) {
        let base = logits.startIndex
        let targets = [row.span?.lowerBound ?? 0, row.span?.upperBound ?? 0]
        for column in 0..<2 {
            var sum = LogSumExp()
            var top = 0
            for token in 0..<row.length {
                let logit = logits[base + 2 * token + column]
                sum.add(logit)
                if logit > logits[base + 2 * top + column] { top = token }
            }
            loss += Double(sum.value - logits[base + 2 * targets[column] + column]) / 2
            accuracy += top == targets[column] ? 0.5 : 0
        }
        rows += 1
    }

    fileprivate func mean() -> SpanLoss {
        guard rows > 0 else { return self }
        return SpanLoss(loss: loss / Double(rows), accuracy: accuracy / Double(rows), rows: rows)
    }
}
