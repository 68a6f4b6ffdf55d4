import Foundation
import LocalPostgres
import PostgreSQL
import Retrieval
import StrictJSON
import Testing

/// A database of one kind, new and empty.
enum TestStore: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgresql

    /// Those of this machine.
    static var available: [TestStore] { LocalPostgres.isInstalled ? allCases : [.sqlite] }

    var testDescription: String { rawValue }

    func make(
        documents: Int = .max, bytes: Int = .max, language: SearchLanguage? = nil, wordBudget: Int = 100_000
    ) throws -> any DocumentStore {
        let limits = StoreLimits(documents: documents, bytes: bytes)
        switch self {
        case .sqlite:
            return try SQLiteStore(path: nil, limits: limits, language: language, wordBudget: wordBudget)
        case .postgresql:
            let url = try DatabaseURL(LocalPostgres.shared().database())
            return try PostgresStore(url, limits: limits, language: language, wordBudget: wordBudget)
        }
    }
}

@Suite("What every store of documents does")
struct StoreContractTests {
    private func document(_ id: String, _ text: String, _ metadata: String = "{}") throws -> NewDocument {
        var document = NewDocument(id: try DocumentID(id), text: text, passages: Passage.split(text))
        document.metadata = try #require(try JSONValue.parse(Array(metadata.utf8)).object)
        return document
    }

    private func found(_ store: any DocumentStore, _ question: String, _ filter: String = "{}") async throws -> [String]
    {
        let hits = try await store.search(
            words: SearchWords.words(question), filter: DocumentFilter(JSONValue.parse(Array(filter.utf8))), limit: 10)
        #expect(hits.allSatisfy { $0.score > 0 })
        #expect(hits.map(\.score) == hits.map(\.score).sorted(by: >))
        return try await store.passages(hits.map(\.passage)).map(\.document.text)
    }

    @Test("documents come back as they were, are replaced, listed and deleted", arguments: TestStore.available)
    func life(kind: TestStore) async throws {
        let store = try kind.make()
        let odd = "a/b c%2Fé塔'\"\\?#"
        var first = try document(
            odd, "The tower\u{0} opened 🗼 in 1889.\n\n'It' \\ is {high}.", "{\"n\": 1.5, \"b\": true}")
        (first.title, first.source) = ("It's \"a\" \\ title", "https://example.org/?a=b")
        let (summary, replaced) = try await store.put(first)
        #expect(replaced == nil && summary.id.text == odd && summary.passages == first.passages.count)
        let read = try #require(try await store.document(first.id))
        #expect(read.text == first.text && read.summary == summary)
        #expect(read.summary.title == first.title && read.summary.source == first.source)
        #expect(read.summary.metadata["n"]?.double == 1.5 && read.summary.metadata["b"]?.bool == true)
        #expect(try await store.summary(first.id) == summary)
        let again = try await store.put(try document(odd, "other words"))
        #expect(again.replaced == summary.revision && again.document.revision != summary.revision)
        #expect(try await found(store, "tower").isEmpty)
        // By their bytes: a capital letter comes before a small one, and an accent is another id.
        for id in ["b", "B", "e\u{301}", "\u{E9}"] { _ = try await store.put(try document(id, "x")) }
        var seen: [String] = []
        while case let page = try await store.list(
            after: seen.last.map { try DocumentID($0) }, limit: 2, filter: DocumentFilter()), !page.isEmpty
        {
            seen += page.map(\.id.text)
        }
        #expect(seen.map { Array($0.utf8) } == ["B", odd, "b", "e\u{301}", "\u{E9}"].map { Array($0.utf8) })
        #expect(try await store.size().documents == 5)
        #expect(try await store.delete(first.id) == again.document.revision)
        #expect(try await store.delete(first.id) == nil)
        #expect(try await store.document(first.id) == nil)
        #expect(try await store.summary(first.id) == nil)
        #expect(try await store.size() == (4, 4))
    }

    @Test("words find the passages that have them, the rarer the better", arguments: TestStore.available)
    func search(kind: TestStore) async throws {
        let store = try kind.make()
        for (index, town) in ["Oslo", "Rome", "Lima", "Cairo", "Delhi"].enumerated() {
            _ = try await store.put(try document("d\(index)", "People are living in the town of \(town)."))
        }
        let long = String(repeating: "The tower is a tower. ", count: 200) + "\n\nZürich's café opened. 塔はパリにある。"
        _ = try await store.put(try document("long", long))
        #expect(try await found(store, "Who lives in Rome?").first == "d1")
        #expect(try await found(store, "CAFE zurich") == ["long"])
        #expect(try await found(store, "塔").contains("long"))
        #expect(try await found(store, "unknown words").isEmpty)
        #expect(try await store.search(words: [], filter: DocumentFilter(), limit: 10).isEmpty)
        let hits = try await store.search(words: ["zurich"], filter: DocumentFilter(), limit: 10)
        let passage = try #require(try await store.passages(hits.map(\.passage)).first)
        #expect(Array(passage.text.utf8) == Array(Array(long.utf8)[passage.passage.bytes]))
        #expect(try await store.passages([-1]).isEmpty)
    }

    @Test("titles are found too", arguments: TestStore.available)
    func titles(kind: TestStore) async throws {
        let store = try kind.make()
        var titled = try document("a", "It opened in 1889.")
        titled.title = "Eiffel Tower"
        _ = try await store.put(titled)
        _ = try await store.put(try document("b", "It opened in 1931."))
        #expect(try await found(store, "When did the Eiffel tower open?").first == "a")
        let hits = try await store.search(words: ["eiffel"], filter: DocumentFilter(), limit: 10)
        #expect(try await store.passages(hits.map(\.passage)).map(\.title) == ["Eiffel Tower"])
    }

    @Test("where common words would take too much time, rare words decide", arguments: TestStore.available)
    func common(kind: TestStore) async throws {
        let store = try kind.make(wordBudget: 10)
        for number in 0..<20 { _ = try await store.put(try document("d\(number)", "The town has a river.")) }
        _ = try await store.put(try document("tower", "A tower stands in the town."))
        #expect(try await found(store, "town tower river").map { $0 } == ["tower"])
        // A word alone is searched, however many passages have it.
        #expect(try await found(store, "town").count == 10)
    }

    @Test("a word of any length is stored and found", arguments: TestStore.available)
    func longWord(kind: TestStore) async throws {
        let store = try kind.make()
        for (id, word) in [("a", "x"), ("b", "\u{AC01}"), ("c", "\u{FB2C}"), ("d", "\u{1D15E}")] {
            let text = String(repeating: word, count: 1_500) + " end"
            _ = try await store.put(try document(id, text))
        }
        #expect(try await found(store, "end").sorted() == ["a", "b", "c", "d"])
    }

    @Test("words of other languages keep their endings, and lose their diacritics", arguments: TestStore.available)
    func other(kind: TestStore) async throws {
        let store = try kind.make(language: .other)
        _ = try await store.put(try document("a", "Die Häuser der Stadt"))
        #expect(try await found(store, "hauser") == ["a"])
        #expect(try await found(store, "die") == ["a"])
        #expect(try await found(store, "haus").isEmpty)
    }

    @Test(
        "a filter takes documents with exactly these values",
        arguments: TestStore.available,
        [
            ("{}", ["a", "b", "c", "d"]), ("{\"year\": 2020}", ["a", "b"]), ("{\"year\": 2020.0}", ["a", "b"]),
            ("{\"year\": \"2020\"}", ["c"]), ("{\"year\": [2020, \"2020\"], \"language\": \"en\"}", ["a", "c"]),
            ("{\"language\": \"EN\"}", []), ("{\"draft\": true}", ["b"]), ("{\"it's \\\"odd\\\"\": \"\"}", ["d"]),
            ("{\"draft\": 1}", []), ("{\"nothing\": [1, 2]}", []), ("{\"half\": 0.5}", ["d"]),
        ] as [(String, [String])])
    func filters(kind: TestStore, filter: (text: String, expected: [String])) async throws {
        let store = try kind.make()
        for (id, metadata) in [
            ("a", "{\"year\": 2020, \"language\": \"en\"}"), ("b", "{\"year\": 2020.0, \"draft\": true}"),
            ("c", "{\"year\": \"2020\", \"language\": \"en\"}"), ("d", "{\"half\": 5e-1, \"it's \\\"odd\\\"\": \"\"}"),
        ] {
            _ = try await store.put(try document(id, "The same words.", metadata))
        }
        let wanted = try DocumentFilter(JSONValue.parse(Array(filter.text.utf8)))
        #expect(try await store.list(after: nil, limit: 10, filter: wanted).map(\.id.text) == filter.expected)
        #expect(try await found(store, "words", filter.text).sorted() == filter.expected)
        // What was deleted and replaced leaves nothing behind.
        _ = try await store.put(try document("a", "The same words."))
        _ = try await store.delete(try DocumentID("b"))
        let rest = filter.text == "{}" ? ["a", "c", "d"] : filter.expected.filter { $0 != "a" && $0 != "b" }
        #expect(try await store.list(after: nil, limit: 10, filter: wanted).map(\.id.text) == rest)
    }

    @Test("limits of count and size are kept, and a refusal changes nothing", arguments: TestStore.available)
    func limits(kind: TestStore) async throws {
        let store = try kind.make(documents: 2, bytes: 10)
        _ = try await store.put(try document("a", "12345"))
        let large = await #expect(throws: DocumentStoreError.self) {
            try await store.put(try document("b", "123456"))
        }
        #expect(large?.kind == .limit)
        _ = try await store.put(try document("b", "12345"))
        let third = await #expect(throws: DocumentStoreError.self) { try await store.put(try document("c", "1")) }
        #expect(third?.kind == .limit)
        await #expect(throws: DocumentStoreError.self) { try await store.put(try document("a", "1234567")) }
        #expect(try await store.document(DocumentID("a"))?.text == "12345")
        #expect(try await store.size() == (2, 10))
    }

    @Test(
        "files of a collection are stored, kept, removed, and never in the place of other documents",
        arguments: TestStore.available)
    func files(kind: TestStore) async throws {
        let store = try kind.make()
        #expect(try await store.collection("notes") == nil)
        func record(_ path: String, _ digest: String = "d") throws -> FileRecord {
            FileRecord(path: path, document: try DocumentID("notes/\(path)"), size: 3, modified: .max, digest: digest)
        }
        func change(_ path: String, _ text: String) throws -> FileChange {
            .store(try document("notes/\(path)", text), try record(path))
        }
        _ = try await store.put(try document("notes/c", "from elsewhere"))
        let changes = [try change("a", "ada"), try change("b", "bob"), try change("c", "cleo")]
        #expect(try await store.apply(changes, to: "notes", folder: "/notes") == ["c"])
        #expect(try await store.document(DocumentID("notes/c"))?.text == "from elsewhere")
        var known = try #require(try await store.collection("notes"))
        #expect(known.folder == "/notes" && known.files.count == 2)
        #expect(try known.files[ExactString("a")] == record("a"))
        let next: [FileChange] = [.keep(try record("a", "e")), .remove(path: "b"), .remove(path: "nothing")]
        #expect(try await store.apply(next, to: "notes", folder: "/moved").isEmpty)
        known = try #require(try await store.collection("notes"))
        #expect(known.folder == "/moved")
        #expect(try known.files == [ExactString("a"): record("a", "e")])
        #expect(try await store.summary(DocumentID("notes/b")) == nil)
        // Another collection leaves it alone, and a document that is deleted is not a file's any more.
        #expect(try await store.apply([try change("a", "x")], to: "other", folder: "/other") == ["a"])
        _ = try await store.delete(try DocumentID("notes/a"))
        #expect(try await store.collection("notes")?.files.isEmpty == true)
        #expect(try await store.size().documents == 1)
        #expect(try await store.apply([], to: "empty", folder: "/empty").isEmpty)
        #expect(try await store.collection("empty")?.files.isEmpty == true)
    }
}
