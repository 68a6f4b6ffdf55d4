/// The best way to make a word of pieces, whose scores add up.
///
/// - Source: `Unigram::encode_optimized` of tokenizers 0.23.1 (`tokenizers/src/models/unigram/model.rs`).
struct UnigramPaths: Sendable {
    /// How much less than the least score an unknown character scores.
    private static let unknownPenalty = 10.0

    let tree: PieceTree
    /// The score of each id.
    private let scores: [Double]
    /// The id of what no piece spells.
    let unknown: Int32
    private let unknownScore: Double

    init(tree: PieceTree, scores: [Double], unknown: Int32) {
        self.tree = tree
        self.scores = scores
        self.unknown = unknown
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
    }

    /// Calls `body` with the pieces of a word: the id of each, and where in the word it begins and ends. Unknown
    /// characters that follow each other are one piece.
    @inline(__always)
    func forEachPiece(
        _ bytes: UnsafePointer<UInt8>, _ length: Int, _ lattice: UnigramLattice, _ body: (Int32, Int, Int) -> Void
    ) {
        lattice.reset(length)
        let nodes = lattice.nodes
        scores.withUnsafeBufferPointer { findBest(bytes, length, $0, nodes) }
        lattice.turnAround(length)
        var start = 0
        while start < length {
            var end = Int(nodes[start].neighbour)
            let id = nodes[end].id
            if id == unknown {
                while end < length, nodes[Int(nodes[end].neighbour)].id == unknown { end = Int(nodes[end].neighbour) }
            }
            body(id, start, end)
            start = end
        }
    }

    /// Finds the best way to each position of a word; of equal ways the one whose last piece is longest.
    @inline(__always)
    private func findBest(
        _ bytes: UnsafePointer<UInt8>, _ length: Int, _ scores: UnsafeBufferPointer<Double>,
        _ nodes: UnsafeMutablePointer<UnigramLattice.Node>
    ) {
        var start = 0
        while start < length {
            let before = nodes[start].score
            let scalarLength = UTF8Scalars.length(bytes[start])
            var hasScalar = false
            tree.forEachMatch(bytes + start, length - start) { id, count in
                nodes[start + count].improve(scores[Int(id)] + before, from: start, id)
                if count == scalarLength { hasScalar = true }
            }
            if !hasScalar { nodes[start + scalarLength].improve(unknownScore + before, from: start, unknown) }
            start += scalarLength
        }
    }
}

/// Working memory of `UnigramPaths`: the best ways to the positions of one word.
final class UnigramLattice {
    /// The best way to a position that has been found.
    struct Node {
        /// Its score.
        fileprivate(set) var score: Double
        /// Where its last piece begins, -1 if there is no way yet; after `turnAround` where the next piece ends.
        fileprivate(set) var neighbour: Int32
        /// Its last piece.
        fileprivate(set) var id: Int32

        @inline(__always)
        fileprivate mutating func improve(_ score: Double, from start: Int, _ id: Int32) {
            if neighbour >= 0 && score <= self.score { return }
            self = Node(score: score, neighbour: Int32(truncatingIfNeeded: start), id: id)
        }
    }

    fileprivate private(set) var nodes: UnsafeMutablePointer<Node>
    private var capacity = 256

    init() { nodes = .allocate(capacity: capacity) }

    deinit { nodes.deallocate() }

    /// Prepares the positions 0 to `length` of a word.
    @inline(__always)
    fileprivate func reset(_ length: Int) {
        if length >= capacity {
            nodes.deallocate()
            capacity = max(2 * capacity, length + 1)
            nodes = .allocate(capacity: capacity)
        }
        nodes.initialize(repeating: Node(score: 0, neighbour: -1, id: -1), count: length + 1)
    }

    /// Makes each node on the best way lead to the next one instead of the one before.
    @inline(__always)
    fileprivate func turnAround(_ length: Int) {
        var (end, following) = (length, length)
        while end > 0 {
            let start = Int(nodes[end].neighbour)
            nodes[end].neighbour = Int32(truncatingIfNeeded: following)
            (following, end) = (end, start)
        }
        nodes[0].neighbour = Int32(truncatingIfNeeded: following)
    }
}
