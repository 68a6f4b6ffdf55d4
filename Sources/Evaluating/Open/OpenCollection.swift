import Console
import QuestionAnswering
import Retrieval
import SQuAD

/// All paragraphs of a dataset as stored documents, in memory.
struct OpenCollection {
    let finder: PassageFinder
    let encoder: TextEncoder?
    let passageCount: Int
    /// Passages stored a second, with their vectors where there is an encoder.
    let passagesPerSecond: Double

    /// Stores each paragraph as a document with its article's title.
    init(_ dataset: Dataset, language: SearchLanguage, encoder: TextEncoder?) async throws {
        self.encoder = encoder
        let store = try SQLiteStore(
            path: nil, limits: StoreLimits(documents: .max, bytes: .max), language: language,
            source: encoder.map { VectorSource(encoder: $0.identity, width: $0.width) })
        var (number, passages) = (0, 0)
        let total = dataset.paragraphCount
        var meter = RowMeter(unit: "paragraphs")
        defer { meter.finish() }
        for article in dataset.articles {
            for paragraph in article.paragraphs {
                var document = NewDocument(
                    id: Self.id(number), text: paragraph.context, passages: Passage.split(paragraph.context))
                document.title = article.title.isEmpty ? nil : article.title.replacing("_", with: " ")
                if let encoder { document.vectors = try await encoder.vectors(of: document.passageTexts) }
                _ = try await store.put(document)
                number += 1
                passages += document.passages.count
                meter.show(done: number, of: total)
            }
        }
        passageCount = passages
        passagesPerSecond = Double(passages) / meter.seconds
        finder = PassageFinder(store: store)
    }

    /// The document of the dataset's paragraph with this number.
    static func id(_ paragraph: Int) -> DocumentID { DocumentID(stored: "\(paragraph)") }

    /// The passages that fit a question best.
    func passages(for question: String, limit: Int) async throws -> [FoundPassage] {
        let vector = try await encoder?.vector(of: question)
        return try await finder.passages(for: question, vector: vector, limit: limit)
    }
}
