import Console
import QuestionAnswering
import Retrieval
import SQuAD

/// The questions of a dataset, each answered from all of its paragraphs.
package struct OpenEvaluation: Sendable {
    /// The dataset with only the questions that were asked.
    package let dataset: Dataset
    /// What was found and read for each question, in the order of the dataset.
    package let questions: [OpenQuestion]
    /// Whether the model was calibrated.
    package let isCalibrated: Bool
    /// How passages were ranked.
    package let ranking: PassageRanking
    /// Passages of all paragraphs.
    package let passageCount: Int
    /// Questions that were answered a second: found, read and ranked.
    package let questionsPerSecond: Double
    /// Passages that were stored a second, with their vectors if there is an encoder.
    package let passagesPerSecond: Double
    /// The answers when each question is asked about its own paragraph.
    package let toldAnswers: [QuestionID: String]

    /// The answers.
    package var answers: [QuestionID: String] {
        Dictionary(questions.map { ($0.id, $0.answer) }) { first, _ in first }
    }

    /// Stores the paragraphs and asks.
    ///
    /// - Throws: `DatasetError`, also for a dataset without answers, `ReaderError`, `DocumentStoreError`, `FileError`.
    package init(model: String, data: String, options: OpenOptions) async throws {
        let whole = try Dataset(path: data)
        try DatasetExtent(whole).requireAnswers(data)
        let reader = try await Reader.load(model, options: options.reader)
        var encoder: TextEncoder?
        if let folder = options.encoder {
            encoder = try await TextEncoder.load(
                folder, precision: options.reader.precision, device: options.reader.device)
        }
        let examples = Self.sample(whole.examples(), options.sample)
        let collection = try await OpenCollection(whole, language: options.language, encoder: encoder)
        let ranking = options.ranking ?? reader.ranking
        var asking = OpenAsking(reader: reader, collection: collection, ranking: ranking, passages: options.passages)
        questionsPerSecond = try await asking.ask(examples)
        toldAnswers = try await Self.told(examples, reader)
        (dataset, questions, self.ranking) = (whole.keeping(examples), asking.questions, ranking)
        isCalibrated = reader.isCalibrated
        (passageCount, passagesPerSecond) = (collection.passageCount, collection.passagesPerSecond)
    }

    /// As many of the examples as are wanted, at equal distances.
    private static func sample(_ examples: [Example], _ count: Int?) -> [Example] {
        guard let count, count < examples.count else { return examples }
        return (0..<count).map { examples[$0 * examples.count / count] }
    }

    private static func told(_ examples: [Example], _ reader: Reader) async throws -> [QuestionID: String] {
        var texts: [Int: PreparedText] = [:]
        var answers: [QuestionID: String] = [:]
        var meter = RowMeter(unit: "questions with their paragraph")
        defer { meter.finish() }
        for chunk in examples.chunks(of: OpenAsking.chunk) {
            var prepared: [(id: QuestionID, question: PreparedQuestion)] = []
            for example in chunk {
                let text = try texts[example.paragraph] ?? reader.prepare(example.context)
                texts[example.paragraph] = text
                if let question = try OpenAsking.prepare(example.question, about: text, reader) {
                    prepared.append((example.id, question))
                }
            }
            let found = try await reader.answers(prepared.map(\.question))
            for ((id, _), list) in zip(prepared, found) { answers[id] = list.first?.text ?? "" }
            meter.show(done: answers.count, of: examples.count)
        }
        return answers
    }
}

extension Dataset {
    /// The dataset with only these questions.
    fileprivate func keeping(_ examples: [Example]) -> Dataset {
        let kept = Set(examples.map(\.id))
        var keys = QuestionKeys(self)
        var result = self
        for article in articles.indices {
            for paragraph in articles[article].paragraphs.indices {
                result.articles[article].paragraphs[paragraph].questions.removeAll { question in
                    !kept.contains(keys.next(question.id))
                }
            }
        }
        return result
    }
}

extension Array {
    /// Consecutive parts of at most `count` elements.
    func chunks(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
