import Retrieval
import Testing

@Suite("Search by words")
struct WordSearchTests {
    @Test("words are found by their stems, in titles as well, rare ones before common ones")
    func words() async throws {
        let store = try makeStore()
        _ = try await store.put(document("a", "Whales were hunted in the sea. They sing."))
        _ = try await store.put(document("b", "They live in the sea.", title: "Otters"))
        _ = try await store.put(document("c", "The sea, the sea, the sea: they are in the sea."))
        func find(_ question: String) async throws -> [String] {
            try await PassageFinder(store: store).passages(for: question, vector: nil, limit: 10)
                .map(\.passage.document.text)
        }
        #expect(try await find("Who hunts whales?") == ["a"])
        #expect(try await find("Where do otters live in the sea?").first == "b")
        #expect(try await find("singing sea").first == "a")
        #expect(try await find("Elephants?") == [])
        #expect(try await find("?!") == [])
        let found = try await PassageFinder(store: store).passages(for: "hunts", vector: nil, limit: 10)
        #expect(found[0].bm25 > 0 && found[0].cosine == nil)
        #expect(found[0].passage.text == "Whales were hunted in the sea. They sing.")
    }

    @Test("a document that is replaced or deleted is found by its new words alone")
    func replaced() async throws {
        let store = try makeStore()
        _ = try await store.put(document("a", "ada lives in rome", title: "first"))
        let (_, replaced) = try await store.put(document("a", "bob lives in oslo", title: "second"))
        #expect(replaced != nil)
        for (word, count) in [("ada", 0), ("first", 0), ("bob", 1), ("second", 1)] {
            #expect(try await store.search(words: [word], filter: DocumentFilter(), limit: 9).count == count, "\(word)")
        }
        _ = try await store.delete(DocumentID("a"))
        #expect(try await store.search(words: ["bob"], filter: DocumentFilter(), limit: 9).isEmpty)
    }

    @Test("passages of a document keep their places")
    func places() async throws {
        let text = String(repeating: "The tower is old. ", count: 100) + "A lift was built in it."
        let new = try document("a", text)
        #expect(new.passageTexts.count == new.passages.count && new.passages.count > 1)
        let store = try makeStore()
        _ = try await store.put(new)
        let hits = try await store.search(words: ["lift"], filter: DocumentFilter(), limit: 9)
        let found = try #require(try await store.passages(hits.map(\.passage)).first)
        #expect(Array(text.utf8)[found.passage.bytes].elementsEqual(found.text.utf8))
        #expect(found.text.hasSuffix("A lift was built in it.") && found.text == new.passageTexts.last)
    }
}
