import GRDB
import Synchronization

/// Leaves out of a search the words that would take most of its time: in a large store "the" is in every passage and
/// hardly changes which passages fit best.
///
/// It keeps the words that the fewest passages have, as many as a limit on passages allows.
final class CommonWords: Sendable {
    /// How often a word is there, and how large the store was then.
    private struct Count {
        let passages: Int
        let size: Int64
    }

    private let known = Mutex<[String: Count]>([:])
    /// Passages that a search may look at; a word that is in more is counted no further.
    private let budget: Int

    /// Words whose counts are kept in memory, of those that take time to count.
    private static let mostKnown = 10_000
    private static let worthKnowing = 1000

    init(budget: Int) { self.budget = budget }

    /// The words to search for: all of them in a store that is small enough.
    func without(_ words: [String], _ db: Database) throws -> [String] {
        let size = try Int64.fetchOne(db, sql: "SELECT max(id) FROM passage") ?? 0
        guard size * Int64(words.count) > budget else { return words }
        var counted: [(word: String, passages: Int)] = []
        for word in words { counted.append((word, try count(word, size, db))) }
        return Self.rarest(counted, budget)
    }

    /// The words that the fewest passages have, as many as have no more passages than `budget` together; at least one.
    static func rarest(_ counted: [(word: String, passages: Int)], _ budget: Int) -> [String] {
        var rest = budget
        let kept = counted.enumerated().sorted { ($0.element.passages, $0.offset) < ($1.element.passages, $1.offset) }
            .prefix { entry in
                defer { rest -= entry.element.passages }
                return rest == budget || entry.element.passages <= rest
            }
        return kept.map(\.element.word)
    }

    private func count(_ word: String, _ size: Int64, _ db: Database) throws -> Int {
        // A store that has grown or shrunk by a tenth is counted anew.
        if let count = known.withLock({ $0[word] }), abs(count.size - size) * 10 < size { return count.passages }
        let passages =
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM (SELECT 1 FROM passage_words WHERE passage_words MATCH ? LIMIT ?)
                    """,
                arguments: ["\"\(word)\"", budget + 1]) ?? 0
        if passages >= Self.worthKnowing {
            known.withLock { known in
                if known.count >= Self.mostKnown { known.removeAll() }
                known[word] = Count(passages: passages, size: size)
            }
        }
        return passages
    }
}
