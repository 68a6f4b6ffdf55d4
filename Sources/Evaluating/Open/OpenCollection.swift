import Console
import QuestionAnswering
import Retrieval
import SQuAD

/// All paragraphs of a dataset as stored documents, in memory.
struct OpenCollection {
    let finder: PassageFinder
    let encoder: TextEncoder?
    let passageCount: Int
    /// Passages stored a second, with their vectors if there is an encoder.
    let passagesPerSecond: Double

    /// Stores each paragraph as a document with its article's title.
    init(_ dataset: Dataset, language: SearchLanguage, encoder: TextEncoder?) async throws {
        self.encoder = encoder
        let store = try SQLiteStore(
            path: nil, limits: StoreLimits(documents: .max, bytes: .max), language: language,
            source: encoder.map { VectorSource(encoder: $0.identity, width: $0.width) })
        var documents = Self.documents(dataset)[...]
        let total = documents.count
        var passages = 0
        var meter = RowMeter(unit: "paragraphs")
        defer { meter.finish() }
        while !documents.isEmpty {
            var chunk = Array(documents.prefix(Self.chunk))
            documents = documents.dropFirst(chunk.count)
            if let encoder { try await Self.encode(&chunk, encoder) }
            for document in chunk {
                _ = try await store.put(document)
                passages += document.passages.count
            }
            meter.show(done: total - documents.count, of: total)
        }
        passageCount = passages
        passagesPerSecond = Double(passages) / meter.seconds
        finder = PassageFinder(store: store)
    }

    /// Paragraphs that are encoded together.
    private static let chunk = 64

    private static func documents(_ dataset: Dataset) -> [NewDocument] {
        var documents: [NewDocument] = []
        for article in dataset.articles {
            for paragraph in article.paragraphs {
                var document = NewDocument(
                    id: id(documents.count), text: paragraph.context, passages: Passage.split(paragraph.context))
                document.title = article.title.isEmpty ? nil : article.title.replacing("_", with: " ")
                documents.append(document)
            }
        }
        return documents
    }

    private static func encode(_ documents: inout [NewDocument], _ encoder: TextEncoder) async throws {
        var vectors = try await encoder.vectors(of: documents.flatMap(\.passageTexts))[...]
        for index in documents.indices {
            documents[index].vectors = Array(vectors.prefix(documents[index].passages.count))
            vectors = vectors.dropFirst(documents[index].passages.count)
        }
    }

    /// The document of the dataset's paragraph with this number.
    static func id(_ paragraph: Int) -> DocumentID { DocumentID(stored: "\(paragraph)") }

    /// The passages that fit a question best.
    func passages(for question: String, limit: Int) async throws -> [FoundPassage] {
        let vector = try await encoder?.vector(of: question)
        return try await finder.passages(for: question, vector: vector, limit: limit)
    }
}
