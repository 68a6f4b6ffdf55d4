import Console
import QuestionAnswering
import Retrieval
import SQuAD

/// Answers questions from a collection, many in one pass of the model.
struct OpenAsking {
    let reader: Reader
    let collection: OpenCollection
    let ranking: PassageRanking
    /// How many passages are read for a question.
    let passages: Int
    private(set) var questions: [OpenQuestion] = []
    /// Texts of passages, each tokenised once.
    private var texts: [Int64: PreparedText] = [:]

    /// Questions that are found and read together.
    static let chunk = 32

    init(reader: Reader, collection: OpenCollection, ranking: PassageRanking, passages: Int) {
        (self.reader, self.collection, self.ranking, self.passages) = (reader, collection, ranking, passages)
    }

    /// A question about a text; nil if it leaves no room for the text.
    static func prepare(
        _ question: String, about text: PreparedText, _ reader: Reader
    ) throws(ReaderError) -> PreparedQuestion? {
        do {
            return try reader.prepare(question, about: text)
        } catch {
            guard error.kind == .questionTooLong || error.kind == .emptyQuestion else { throw error }
            return nil
        }
    }

    /// Appends to `questions` what was found for each example.
    ///
    /// - Returns: questions a second.
    mutating func ask(_ examples: [Example]) async throws -> Double {
        var meter = RowMeter(unit: "questions")
        defer { meter.finish() }
        for chunk in examples.chunks(of: Self.chunk) {
            try await askTogether(Array(chunk))
            meter.show(done: questions.count, of: examples.count)
        }
        return Double(examples.count) / meter.seconds
    }

    private mutating func askTogether(_ chunk: [Example]) async throws {
        var found: [[(passage: FoundPassage, question: PreparedQuestion)]] = []
        for example in chunk {
            var own: [(passage: FoundPassage, question: PreparedQuestion)] = []
            for passage in try await collection.passages(for: example.question, limit: passages) {
                let text = try texts[passage.passage.number] ?? reader.prepare(passage.passage.text)
                texts[passage.passage.number] = text
                if let question = try Self.prepare(example.question, about: text, reader) {
                    own.append((passage, question))
                }
            }
            found.append(own)
        }
        var rest = try await reader.readings(of: found.flatMap { $0.map(\.question) })[...]
        for (example, own) in zip(chunk, found) {
            questions.append(question(example, own, Array(rest.prefix(own.count))))
            rest = rest.dropFirst(own.count)
        }
    }

    private func question(
        _ example: Example, _ found: [(passage: FoundPassage, question: PreparedQuestion)], _ readings: [[RowReading]]
    ) -> OpenQuestion {
        let fits = found.map { PassageFit(bm25: $0.passage.bm25, cosine: $0.passage.cosine) }
        let best = reader.answers(to: found.map(\.question), from: readings, fits: fits, ranking: ranking).first
        let right = OpenCollection.id(example.paragraph)
        var read: [OpenPassage] = []
        for (index, found) in found.enumerated() {
            guard let evidence = reader.evidence(of: found.question, from: readings[index]) else { continue }
            read.append(
                OpenPassage(
                    isRight: found.passage.passage.document == right, fit: fits[index], evidence: evidence,
                    f1: example.answers.map { SQuADMetrics.f1(evidence.text, $0.text) }.max() ?? 0))
        }
        return OpenQuestion(
            id: example.id, answer: best?.answer.text ?? "", score: best?.answer.score ?? 0,
            isFromRightPassage: best?.passage.map { found[$0].passage.passage.document == right } ?? false,
            passages: read)
    }
}
