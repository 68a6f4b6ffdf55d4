/// A passage that was found for a question, with how well it fits.
package struct FoundPassage: Sendable {
    /// The passage.
    package let passage: StoredPassage
    /// The BM25 score of its words. A passage that was found by its vector alone gets the score of the last passage
    /// that was found by words, or 0 if the search by words returned all of its matches.
    package let bm25: Double
    /// The cosine of its vector and the question's, from -1 to 1; nil if there are no vectors.
    package let cosine: Double?

    /// A passage that was found.
    package init(passage: StoredPassage, bm25: Double, cosine: Double?) {
        (self.passage, self.bm25, self.cosine) = (passage, bm25, cosine)
    }
}

/// Finds passages by words and by vectors, and fuses both lists by the reciprocals of the ranks.
///
/// - Source: Cormack, Clarke and Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual rank
///   learning methods".
package struct PassageFinder: Sendable {
    /// Where passages are.
    package let store: any DocumentStore
    /// The number of passages that each of the two searches returns.
    package var depth = 100
    /// The constant that is added to each rank: the larger it is, the less the first ranks outweigh the later ones.
    private static let smoothing = 60.0

    /// A finder in a store.
    package init(store: any DocumentStore) { self.store = store }

    /// The passages that fit a question best, best first.
    ///
    /// - Parameters:
    ///   - vector: the question's vector, of length 1; nil searches by words alone.
    ///   - limit: how many passages are wanted.
    /// - Throws: `DocumentStoreError`.
    package func passages(
        for question: String, vector: [Float]?, filter: DocumentFilter = DocumentFilter(), limit: Int
    ) async throws -> [FoundPassage] {
        let depth = max(depth, limit)
        let byWords = try await store.search(
            words: SearchWords.words(question), filter: filter, limit: vector == nil ? limit : depth)
        var byVector: [PassageHit] = []
        if let vector { byVector = try await store.search(vector: vector, filter: filter, limit: depth) }
        let best = Array(Self.fused([byWords, byVector]).prefix(limit))
        var cosines = Self.scores(byVector)
        if let vector {
            let others = best.filter { cosines[$0] == nil }
            cosines.merge(try await store.cosines(of: others, with: vector)) { old, _ in old }
        }
        let scores = Self.scores(byWords)
        let least = byWords.count < depth ? 0 : byWords.last?.score ?? 0
        return try await store.passages(best).map { passage in
            FoundPassage(passage: passage, bm25: scores[passage.number] ?? least, cosine: cosines[passage.number])
        }
    }

    /// The passages of all lists, best first.
    static func fused(_ lists: [[PassageHit]]) -> [Int64] {
        var sums: [Int64: Double] = [:]
        for list in lists {
            for (rank, hit) in list.enumerated() {
                sums[hit.passage, default: 0] += 1 / (smoothing + Double(rank + 1))
            }
        }
        return sums.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }

    private static func scores(_ hits: [PassageHit]) -> [Int64: Double] {
        Dictionary(hits.map { ($0.passage, $0.score) }) { first, _ in first }
    }
}
