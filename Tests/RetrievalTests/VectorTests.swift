import GRDB
import Retrieval
import Scratch
import Testing

@Suite("Search by vectors")
struct VectorTests {
    private static let source = VectorSource(encoder: "one", width: 48)

    /// 300 documents in five blocks, each with its own vector.
    private func filled() async throws -> (store: SQLiteStore, vectors: [[Float]]) {
        var random = RandomVectors(seed: 7)
        let store = try makeStore(Self.source)
        var vectors: [[Float]] = []
        for number in 0..<300 {
            vectors.append(random.next(48))
            _ = try await store.put(document("\(number)", "passage \(number)", vectors: [vectors[number]]))
        }
        return (store, vectors)
    }

    private func names(_ store: SQLiteStore, _ hits: [PassageHit]) async throws -> [String] {
        try await store.passages(hits.map(\.passage)).map(\.document.text)
    }

    @Test("the nearest passages are those of an exact search, with its cosines to two digits")
    func nearest() async throws {
        let (store, vectors) = try await filled()
        var random = RandomVectors(seed: 8)
        for _ in 0..<20 {
            let query = random.next(48)
            let cosines = vectors.map { cosine($0, query) }
            let hits = try await store.search(vector: query, filter: DocumentFilter(), limit: 10)
            let found = try await names(store, hits).map { Int($0) ?? -1 }
            let best = cosines.indices.sorted { cosines[$0] > cosines[$1] }.prefix(10)
            // Rounding may swap what is nearly equal.
            for (place, number) in found.enumerated() {
                #expect(abs(cosines[number] - cosines[best[place]]) < 0.01)
                #expect(abs(cosines[number] - hits[place].score) < 0.01)
            }
            let all = try await store.cosines(of: hits.map(\.passage), with: query)
            #expect(hits.allSatisfy { all[$0.passage] == $0.score })
        }
    }

    @Test("a passage whose document is gone is not found, and its place is taken by the next")
    func gone() async throws {
        let (store, vectors) = try await filled()
        func nearest() async throws -> String? {
            try await names(store, store.search(vector: vectors[299], filter: DocumentFilter(), limit: 1)).first
        }
        #expect(try await nearest() == "299")
        _ = try await store.delete(DocumentID("299"))
        #expect(try await nearest() != "299")
        _ = try await store.put(document("new", "again", vectors: [vectors[299]]))
        #expect(try await nearest() == "new")
        #expect(try await store.size().documents == 300)
    }

    @Test("passages that were stored without vectors get them later, unless their document was replaced")
    func later() async throws {
        let (store, vectors) = try await filled()
        _ = try await store.put(document("plain", "without"))
        _ = try await store.put(document("other", "without"))
        let missing = try await store.passagesWithoutVector(after: 0, limit: 10)
        #expect(missing.map(\.document.text) == ["plain", "other"])
        #expect(try await store.passagesWithoutVector(after: missing[0].number, limit: 10).count == 1)
        _ = try await store.put(document("other", "replaced"))
        try await store.setVectors(missing.map { ($0, vectors[0]) })
        #expect(try await store.passagesWithoutVector(after: 0, limit: 10).map(\.text) == ["replaced"])
        let hits = try await store.search(vector: vectors[0], filter: DocumentFilter(), limit: 2)
        #expect(try await Set(names(store, hits)) == ["0", "plain"])
    }

    @Test("words and vectors together find what either finds, and a passage that both find comes first")
    func fused() async throws {
        let store = try makeStore(VectorSource(encoder: "one", width: 2))
        _ = try await store.put(document("words", "ada lives in rome", vectors: [[0, 1]]))
        _ = try await store.put(document("near", "bob is here", vectors: [[1, 0]]))
        _ = try await store.put(document("both", "ada was here", vectors: [[0.8, 0.6]]))
        let found = try await PassageFinder(store: store).passages(for: "ada rome", vector: [1, 0], limit: 3)
        #expect(found.map(\.passage.document.text).first == "both")
        #expect(Set(found.map(\.passage.document.text)) == ["words", "near", "both"])
        let near = try #require(found.first { $0.passage.document.text == "near" })
        #expect(near.bm25 == 0 && abs((near.cosine ?? 0) - 1) < 0.01)
    }

    @Test("vectors of another encoder are refused, and a file keeps its encoder")
    func encoders() async throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/documents.sqlite"
        func open(_ source: VectorSource?) throws -> SQLiteStore {
            try SQLiteStore(path: path, limits: StoreLimits(documents: 9, bytes: 999), source: source)
        }
        // What no vector was made by may be replaced.
        _ = try open(VectorSource(encoder: "other", width: 3))
        _ = try await open(Self.source).put(document("a", "a", vectors: [RandomVectors(seed: 1).nextOne(48)]))
        for wrong in [VectorSource(encoder: "two", width: 48), VectorSource(encoder: "one", width: 47)] {
            let error = #expect(throws: DocumentStoreError.self) { try open(wrong) }
            #expect(error?.kind == .encoder && error?.description.contains(path) == true)
        }
        #expect(try await open(Self.source).passagesWithoutVector(after: 0, limit: 1).isEmpty)
        // Without an encoder the words are still found.
        let plain = try open(nil)
        #expect(try await plain.search(vector: [1], filter: DocumentFilter(), limit: 1).isEmpty)
        #expect(try await plain.search(words: ["a"], filter: DocumentFilter(), limit: 1).count == 1)
    }
}

extension RandomVectors {
    fileprivate func nextOne(_ width: Int) -> [Float] {
        var copy = self
        return copy.next(width)
    }
}
