import Console
import QuestionAnswering
import Synchronization

/// Shows how far a long text is read; a text of few rows is answered before anybody could read a line.
final class ReadingProgress: Sendable {
    private let meter = Mutex(RowMeter())
    private static let fewRows = 64

    func show(done: Int, of total: Int) {
        guard total > Self.fewRows else { return }
        meter.withLock { meter in
            meter.show(done: done, of: total)
            if done == total { meter.finish() }
        }
    }
}

extension Reader {
    /// The `count` best answers to a question about a text, with progress on standard error where that takes long.
    ///
    /// - Parameter distinct: whether answers that overlap count as one, the best.
    func answers(
        showingProgress question: String, in text: PreparedText, count: Int, distinct: Bool = false
    ) throws -> [Answer] {
        var options = AnswerOptions()
        (options.count, options.distinctPlaces) = (count, distinct)
        let progress = ReadingProgress()
        return try answers([try prepare(question, about: text, options: options)]) { done, total in
            progress.show(done: done, of: total)
        }.first ?? []
    }
}
