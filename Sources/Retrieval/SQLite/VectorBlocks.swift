import CVectors
import Foundation
import GRDB

/// The vectors of passages in SQLite: 8-bit integers with a factor each, 64 of them in a blob, by the numbers of the
/// passages.
///
/// A scan reads few large blobs instead of many small rows, and no more than one of them is in memory. A row whose
/// factor is 0 belongs to no passage.
enum VectorBlocks {
    /// Vectors of one blob.
    private static let rows: Int64 = 64

    /// Bytes of one vector.
    private static func stride(_ width: Int) -> Int { MemoryLayout<Float>.size + width }

    // MARK: Writing

    /// Stores vectors, and replaces earlier ones.
    ///
    /// - Parameter width: the number of elements of a vector in this store.
    static func write(_ vectors: [(passage: Int64, vector: [Float])], width: Int?, _ db: Database) throws {
        guard let width, vectors.allSatisfy({ $0.vector.count == width }) else {
            preconditionFailure("vectors have the width that the store was opened with")
        }
        let mark = try db.makeStatement(sql: "UPDATE passage SET vector = 1 WHERE id = ?")
        for (block, members) in Dictionary(grouping: vectors, by: { $0.passage / rows }) {
            try change(block, width: width, db) { bytes in
                for (passage, vector) in members { bytes.replaceSubrange(place(passage, width), with: row(vector)) }
            }
            for (passage, _) in members { try mark.execute(arguments: [passage]) }
        }
    }

    /// Removes the vectors of a revision's passages.
    static func clear(_ revision: Int64, _ db: Database) throws {
        let passages = try Int64.fetchAll(
            db, sql: "SELECT id FROM passage WHERE revision = ? AND vector = 1", arguments: [revision])
        for (block, members) in Dictionary(grouping: passages, by: { $0 / rows }) {
            try change(block, width: nil, db) { bytes in
                let width = bytes.count / Int(rows) - MemoryLayout<Float>.size
                for passage in members {
                    let place = place(passage, width)
                    bytes.replaceSubrange(place, with: Data(count: place.count))
                }
            }
        }
    }

    private static func change(
        _ block: Int64, width: Int?, _ db: Database, _ body: (inout Data) -> Void
    ) throws {
        let known = try Data.fetchOne(db, sql: "SELECT vectors FROM vector_block WHERE id = ?", arguments: [block])
        guard var bytes = known ?? width.map({ Data(count: Int(rows) * stride($0)) }) else { return }
        body(&bytes)
        try db.execute(
            sql: "INSERT OR REPLACE INTO vector_block (id, vectors) VALUES (?, ?)", arguments: [block, bytes])
    }

    private static func place(_ passage: Int64, _ width: Int) -> Range<Int> {
        let first = Int(passage % rows) * stride(width)
        return first..<(first + stride(width))
    }

    private static func row(_ vector: [Float]) -> Data {
        let query = RoundedVector(vector)
        return withUnsafeBytes(of: query.factor) { Data($0) } + query.numbers.withUnsafeBytes { Data($0) }
    }

    // MARK: Searching

    /// The passages whose vectors are nearest to `vector`, best first.
    ///
    /// - Parameter wanted: the passages that are looked at; nil for all.
    static func nearest(
        to vector: [Float], limit: Int, among wanted: Set<Int64>? = nil, _ db: Database
    ) throws -> [PassageHit] {
        let query = RoundedVector(vector)
        var best = BestHits(limit: limit)
        let blocks = try Row.fetchCursor(db, sql: "SELECT id, vectors FROM vector_block")
        while let row = try blocks.next() {
            let first: Int64 = row[0] * rows
            best.add(try scores(row, query), from: first, among: wanted)
        }
        return best.sorted()
    }

    /// The cosines of the vectors of these passages with `vector`.
    static func cosines(of passages: [Int64], with vector: [Float], _ db: Database) throws -> [Int64: Double] {
        let query = RoundedVector(vector)
        let find = try db.makeStatement(sql: "SELECT id, vectors FROM vector_block WHERE id = ?")
        var result: [Int64: Double] = [:]
        for (block, members) in Dictionary(grouping: passages, by: { $0 / rows }) {
            guard let row = try Row.fetchOne(find, arguments: [block]) else { continue }
            let scores = try scores(row, query)
            for passage in members where scores[Int(passage % rows)] != 0 {
                result[passage] = Double(scores[Int(passage % rows)])
            }
        }
        return result
    }

    /// The products of the vectors of a block with another one.
    private static func scores(_ row: Row, _ query: RoundedVector) throws -> [Float] {
        try row.withUnsafeData(atIndex: 1) { data in
            guard let data, data.count == Int(rows) * stride(query.numbers.count) else {
                throw DocumentStoreError(.corrupt, "a block of vectors has another length than the encoder's vectors")
            }
            return data.withUnsafeBytes { query.scores(of: $0, rows: Int(rows)) }
        }
    }
}

/// A vector in 8-bit integers, and the factor that turns these back into its numbers.
struct RoundedVector {
    let numbers: [Int8]
    let factor: Float

    init(_ vector: [Float]) {
        var factor: Float = 0
        numbers = [Int8](unsafeUninitializedCapacity: vector.count) { buffer, count in
            factor = cv_quantize(vector, vector.count, buffer.baseAddress)
            count = vector.count
        }
        self.factor = factor
    }

    /// The products with rows of a block.
    func scores(of bytes: UnsafeRawBufferPointer, rows: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: rows) { buffer, count in
            cv_scores(
                numbers, factor, numbers.count, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, rows,
                buffer.baseAddress)
            count = rows
        }
    }
}

/// The hits with the greatest scores, of all that are added.
struct BestHits {
    private let limit: Int
    private var hits: [PassageHit] = []
    /// What a hit must exceed once there are enough.
    private var least = -Float.infinity

    init(limit: Int) { self.limit = limit }

    /// Adds a score for each passage from `first` on; 0 is that of no passage.
    ///
    /// - Parameter wanted: the passages that count; nil for all.
    mutating func add(_ scores: [Float], from first: Int64, among wanted: Set<Int64>? = nil) {
        for (index, score) in scores.enumerated() where score > least && score != 0 {
            if let wanted, !wanted.contains(first + Int64(index)) { continue }
            hits.append(PassageHit(passage: first + Int64(index), score: Double(score)))
            if hits.count >= 2 * limit { shrink() }
        }
    }

    /// Best first; of equals the passage that came first.
    func sorted() -> [PassageHit] {
        Array(hits.sorted { ($1.score, $0.passage) < ($0.score, $1.passage) }.prefix(limit))
    }

    private mutating func shrink() {
        hits = sorted()
        least = Float(hits[hits.count - 1].score)
    }
}
