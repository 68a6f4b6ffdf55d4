import QuestionAnswering
import SQuAD

/// The model's prediction for one question of a dataset.
package struct PredictedExample: Sendable {
    /// The question with its text.
    package let example: Example
    /// What was predicted; nil for a question that leaves no room for its text.
    package let prediction: Prediction?
}

/// Predictions over a dataset that is handed over in parts: rows wait until they fill a batch, and nothing is kept of a
/// question once its prediction was handed out.
///
/// The batches are those that `Predictor.predict` makes of the whole dataset, also where only some questions are
/// wanted: the last bits of a matrix product for a row depend on what else is in the batch. So the
/// predictions of a part are, bit for bit, those of a run over everything. Batches without a wanted question are left
/// out.
package struct PredictionStream {
    private let predictor: Predictor
    private let wanted: Range<Int>
    private let emit: (PredictedExample) throws -> Void
    private let afterBatch: () throws -> Void
    /// Rows of the batch that is being filled, and their tokens.
    private var rows: [Feature] = []
    private var tokens = 0
    /// The batch that the device has in hand, while more rows are made ready.
    private var pending: PendingPass?
    /// Wanted questions without a prediction so far, in order; those before `emitted` are done with.
    private var waiting: ArraySlice<Example> = []
    private var emitted: Int
    /// What was read of the last question, of which more windows may follow.
    private var merger: WindowMerger

    /// A stream that hands the predictions of the questions with the `wanted` numbers to `emit`, in the order of the
    /// dataset.
    ///
    /// - Parameters:
    ///   - count: how many candidates each question gets.
    ///   - afterBatch: called after each pass of the model whose answers were handed out.
    package init(
        predictor: Predictor, count: Int, wanted: Range<Int>, emit: @escaping (PredictedExample) throws -> Void,
        afterBatch: @escaping () throws -> Void
    ) {
        (self.predictor, self.wanted) = (predictor, wanted)
        (self.emit, self.afterBatch) = (emit, afterBatch)
        merger = WindowMerger(decoder: predictor.decoder, count: count, scoring: predictor.scoring)
        emitted = wanted.lowerBound
    }

    /// Whether all wanted questions were handed in, and nothing of them waits for a batch to be filled.
    package func isComplete(after example: Int) -> Bool {
        example >= wanted.upperBound && (rows.first.map { $0.example >= wanted.upperBound } ?? true)
    }

    /// Takes the next examples of the dataset and their rows.
    ///
    /// - Parameter first: the number of the first example.
    /// - Throws: what `Predictor.predict` and `emit` throw.
    package mutating func add(_ examples: [Example], rows features: [Feature], from first: Int) throws {
        let range = (first..<(first + examples.count)).clamped(to: wanted)
        if !range.isEmpty {
            let new = examples[(range.lowerBound - first)..<(range.upperBound - first)]
            // A new array, so that what was removed from the old one goes with it.
            waiting = ArraySlice(Array(waiting) + new)
        }
        for row in features {
            if !rows.isEmpty, tokens + row.length > predictor.tokenBudget { try read() }
            rows.append(row)
            tokens += row.length
        }
    }

    /// Reads what waits. No examples may follow.
    package mutating func finish() throws {
        try read()
        try finishPending()
        try close()
        try emitUnread(before: wanted.upperBound)
    }

    /// Has the batch read, if it has a wanted question.
    private mutating func read() throws {
        defer { (rows, tokens) = ([], 0) }
        guard let first = rows.first?.example, let last = rows.last?.example else { return }
        guard first < wanted.upperBound, last >= wanted.lowerBound else {
            try finishPending()
            return try close()
        }
        let pass = try predictor.begin(rows)
        try finishPending()
        pending = pass
        if !predictor.runsAhead { try finishPending() }
    }

    /// Waits for the device, and hands out what came of its batch.
    private mutating func finishPending() throws {
        guard let pass = pending else { return }
        pending = nil
        var merger = merger
        var finished: [(example: Int, prediction: Prediction)] = []
        let (decoding, wanted) = (merger.decoding, wanted)
        try predictor.forEachReading(of: pass) { _, row, logits in
            wanted.contains(row.example) ? decoding.read(row, logits: logits) : nil
        } _: { row, reading, _ in
            let next = if let reading { merger.add(row, reading) } else { merger.finish() }
            if let next { finished.append(next) }
        }
        self.merger = merger
        for (number, prediction) in finished { try deliver(number, prediction) }
        try afterBatch()
    }

    /// Ranks the windows of the question that was read last.
    private mutating func close() throws {
        if let (number, prediction) = merger.finish() { try deliver(number, prediction) }
    }

    private mutating func deliver(_ number: Int, _ prediction: Prediction) throws {
        try emitUnread(before: number)
        try emitNext(prediction)
    }

    /// Hands out the questions that have no rows.
    private mutating func emitUnread(before number: Int) throws {
        while emitted < number, !waiting.isEmpty { try emitNext(nil) }
    }

    private mutating func emitNext(_ prediction: Prediction?) throws {
        emitted += 1
        try emit(PredictedExample(example: waiting.removeFirst(), prediction: prediction))
    }
}
