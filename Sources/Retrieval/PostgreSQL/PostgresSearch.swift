import Foundation
import PostgreSQL
import StrictJSON
import Synchronization

/// In how many passages words occur, kept for a minute: to count a frequent word takes longer than to search.
final class WordStatistics: Sendable {
    struct Numbers {
        var passages = 0
        var meanLength = 0.0
        var frequencies: [String: Int] = [:]
        var until = ContinuousClock.now
    }

    private let kept = Mutex(Numbers())
    /// Passages that a search may look at; a word that is in more is counted no further.
    let budget: Int

    init(budget: Int) { self.budget = budget }

    /// The numbers for these words.
    func numbers(_ words: [String], _ connection: PostgresConnection) throws -> Numbers {
        var numbers = kept.withLock { $0 }
        if numbers.until <= .now || numbers.passages == 0 {
            numbers = Numbers(until: .now.advanced(by: .seconds(60)))
            if let row = try connection.execute(
                "SELECT count(*), coalesce(avg(word_count), 0)::float8 FROM bertqa_passage"
            ).first {
                (numbers.passages, numbers.meanLength) = (try row.int(0), try row.double(1))
            }
        }
        let missing = words.filter { numbers.frequencies[$0] == nil }
        if !missing.isEmpty {
            let rows = try connection.execute(
                """
                SELECT word, (
                    SELECT count(*) FROM (SELECT 1 FROM bertqa_passage WHERE words @@ query::tsquery LIMIT $3) AS found
                )
                FROM unnest($1::text[], $2::text[]) AS asked (word, query)
                """, [.texts(missing), .texts(missing.map(PostgresSearch.quoted)), .int(budget + 1)])
            for row in rows { numbers.frequencies[try row.text(0)] = try row.int(1) }
        }
        // Distinct words are many; those of a minute are few.
        let found = numbers
        kept.withLock { $0 = found }
        return found
    }
}

/// A search for the passages that fit words best by BM25, as SQLite's FTS5 computes it.
///
/// PostgreSQL ranks without regard to how rare words are. So it finds passages by the sum of the weights of the words
/// that they have, and BM25 is computed here for the best of these.
struct PostgresSearch {
    /// The words as the index has them, and how much each counts.
    private let weights: [(word: String, weight: Double)]
    private let meanLength: Double

    /// - Source: https://www.sqlite.org/fts5.html#the_bm25_function
    private static let (k1, b) = (1.2, 0.75)

    init(words: [String], statistics: WordStatistics, _ connection: PostgresConnection) throws {
        let rows = try connection.execute(
            """
            SELECT DISTINCT unnest(tsvector_to_array(\(PostgresWords.stems("word")))) FROM unnest($1::text[]) AS word
            """, [.texts(words.map(PostgresWords.words))])
        var lexemes = try rows.map { try $0.text(0) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let numbers = try lexemes.isEmpty ? WordStatistics.Numbers() : statistics.numbers(lexemes, connection)
        meanLength = max(numbers.meanLength, 1)
        if numbers.passages * lexemes.count > statistics.budget {
            lexemes = CommonWords.rarest(lexemes.map { ($0, numbers.frequencies[$0] ?? 0) }, statistics.budget)
        }
        weights = lexemes.map { word in
            let count = Double(numbers.frequencies[word] ?? 0)
            let all = max(Double(numbers.passages), count)
            return (word, max(log((all - count + 0.5) / (count + 0.5)), 1e-6))
        }
    }

    /// A word as a query, whatever it is made of.
    static func quoted(_ word: String) -> String {
        "'" + word.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "''") + "'"
    }

    func run(filter: DocumentFilter, limit: Int, _ connection: PostgresConnection) throws -> [PassageHit] {
        guard !weights.isEmpty else { return [] }
        var values: [PostgresValue] = [
            .text(weights.map { Self.quoted($0.word) }.joined(separator: " | ")), .int(max(4 * limit, 200)),
            .texts(weights.map(\.word)),
        ]
        var sum: [String] = []
        for (word, weight) in weights {
            values += [.double(weight), .text(Self.quoted(word))]
            sum.append("$\(values.count - 1)::float8 * (words @@ $\(values.count)::tsquery)::integer")
        }
        var condition = ""
        if !filter.conditions.isEmpty {
            let wanted = filter.postgresCondition(&values)
            condition = "AND revision IN (SELECT revision FROM bertqa_document WHERE \(wanted))"
        }
        let rows = try connection.execute(
            """
            WITH found AS MATERIALIZED (
                SELECT id, words, word_count FROM bertqa_passage WHERE words @@ $1::tsquery \(condition)
                ORDER BY \(sum.joined(separator: " + ")) DESC, id LIMIT $2
            )
            SELECT id, word_count, lexeme, cardinality(positions)
            FROM found, unnest(found.words) AS word (lexeme, positions, weights) WHERE lexeme = ANY ($3::text[])
            """, values)
        return try ranked(rows, limit: limit)
    }

    private func ranked(_ rows: [PostgresRow], limit: Int) throws(PostgresError) -> [PassageHit] {
        let weights = Dictionary(weights.map { ($0.word, $0.weight) }, uniquingKeysWith: { first, _ in first })
        var scores: [Int64: Double] = [:]
        for row in rows {
            let (length, count) = (Double(try row.int(1)), Double(try row.int(3)))
            let share = count * (Self.k1 + 1) / (count + Self.k1 * (1 - Self.b + Self.b * length / meanLength))
            let weight = weights[try row.text(2)] ?? 0
            scores[Int64(try row.int(0)), default: 0] += weight * share
        }
        return scores.map { PassageHit(passage: $0.key, score: $0.value) }
            .sorted { ($1.score, $0.passage) < ($0.score, $1.passage) }.prefix(limit).map { $0 }
    }
}

extension DocumentFilter {
    /// The condition for `bertqa_document`, whose values are added to `values`.
    func postgresCondition(_ values: inout [PostgresValue]) -> String {
        var all = ["true"]
        for condition in conditions {
            let any = condition.values.map { value in
                values.append(.text(JSONValue.object(JSONObject([(condition.name, value)])).serialized()))
                return "metadata::jsonb @> $\(values.count)::jsonb"
            }
            all.append("(" + any.joined(separator: " OR ") + ")")
        }
        return all.joined(separator: " AND ")
    }
}
