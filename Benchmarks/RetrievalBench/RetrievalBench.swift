import Files
import Foundation
import Retrieval
import SQuAD

/// Numbers that a seed decides.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64 = 42

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func vector(_ width: Int) -> [Float] {
        let numbers = (0..<width).map { _ in Float(Int64(truncatingIfNeeded: next() >> 40)) / Float(1 << 23) - 1 }
        let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return numbers.map { $0 / length }
    }
}

/// Milliseconds within which so many of all questions are answered.
private func quantiles(_ seconds: [Double]) -> String {
    let sorted = seconds.sorted()
    func text(_ share: Double) -> String {
        String(format: "%.1f", 1000 * sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))])
    }
    return "{\"p50_ms\": \(text(0.5)), \"p95_ms\": \(text(0.95)), \"p99_ms\": \(text(0.99))}"
}

/// Paragraphs in turn, with every fifth word replaced by any word of any paragraph.
private struct ChangedParagraphs {
    let paragraphs: [[Substring]]
    let words: [Substring]
    var numbers = Numbers()
    var place = 0

    init(_ paragraphs: [Paragraph]) {
        self.paragraphs = paragraphs.map { $0.context.split(separator: " ") }
        words = self.paragraphs.flatMap { $0 }
    }

    mutating func next() -> String {
        defer { place = (place + 1) % paragraphs.count }
        return paragraphs[place].map { word in
            numbers.next() % 5 == 0 ? words[Int(numbers.next() % UInt64(words.count))] : word
        }.joined(separator: " ")
    }
}

/// Stores at least so many passages.
///
/// - Returns: how many, and the seconds that the store took.
private func fill(
    _ store: SQLiteStore, _ paragraphs: [Paragraph], passages count: Int, width: Int
) async throws -> (passages: Int, seconds: Double) {
    var source = ChangedParagraphs(paragraphs)
    var numbers = Numbers(state: 3)
    var (stored, document, spent) = (0, 0, 0.0)
    while stored < count {
        let text = (0..<min(100, count - stored)).map { _ in source.next() }.joined(separator: "\n\n")
        var new = NewDocument(id: DocumentID(stored: "\(document)"), text: text, passages: Passage.split(text))
        if width > 0 { new.vectors = new.passages.map { _ in numbers.vector(width) } }
        let ready = new
        spent += try await seconds { _ = try await store.put(ready) }
        (document, stored) = (document + 1, stored + ready.passages.count)
    }
    return (stored, spent)
}

private func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start) / .seconds(1)
}

/// Measures a store of synthetic passages: `retrieval-bench DATA.json DATABASE PASSAGES [WIDTH]`.
///
/// A document has a hundred of the dataset's paragraphs, with every fifth word changed; there are so many documents as
/// give that many passages. Vectors of WIDTH numbers are random. Prints one JSON object.
@main
struct RetrievalBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let count = Int(arguments[3]), count > 0 else {
            StandardError.write("usage: retrieval-bench DATA.json DATABASE PASSAGES [WIDTH]\n")
            exit(64)
        }
        let width = arguments.count > 4 ? Int(arguments[4]) ?? 0 : 0
        let paragraphs = try Dataset(path: arguments[1]).articles.flatMap(\.paragraphs)
        let store = try SQLiteStore(
            path: arguments[2], limits: StoreLimits(documents: .max, bytes: .max),
            source: width > 0 ? VectorSource(encoder: "random", width: width) : nil)
        let stored = try await fill(store, paragraphs, passages: count, width: width)
        let bytes = try FileManager.default.attributesOfItem(atPath: arguments[2])[.size] as? Int ?? 0
        let questions = paragraphs.flatMap(\.questions).map(\.question)
        let latency = try await ask(store, questions, times: count > 200_000 ? 100 : 500, width: width)
        print(
            "{\"passages\": \(stored.passages), "
                + "\"stored_per_second\": \(Int(Double(stored.passages) / stored.seconds)), "
                + "\"database_bytes\": \(bytes), \"peak_bytes\": \(ProcessMemory.peak ?? 0), \(latency)}")
    }

    /// Asks for passages by words, by vectors and by both.
    private static func ask(
        _ store: SQLiteStore, _ questions: [String], times: Int, width: Int
    ) async throws -> String {
        let finder = PassageFinder(store: store)
        var numbers = Numbers(state: 7)
        var (byWords, byVectors, both): ([Double], [Double], [Double]) = ([], [], [])
        for number in 0..<times {
            let question = questions[number * questions.count / times]
            byWords.append(try await seconds { _ = try await finder.passages(for: question, vector: nil, limit: 10) })
            guard width > 0 else { continue }
            let vector = numbers.vector(width)
            byVectors.append(
                try await seconds { _ = try await store.search(vector: vector, filter: DocumentFilter(), limit: 100) })
            both.append(try await seconds { _ = try await finder.passages(for: question, vector: vector, limit: 10) })
        }
        let vectors = width > 0 ? ", \"vectors\": \(quantiles(byVectors)), \"both\": \(quantiles(both))" : ""
        return "\"words\": \(quantiles(byWords))\(vectors)"
    }
}
