/// The pieces of a sentencepiece model with their scores, and the best way to make a word of them.
///
/// - Source: `Unigram` of tokenizers 0.23.1 (`tokenizers/src/models/unigram/model.rs`).
struct UnigramModel: Sendable {
    /// How much less than the least score an unknown character scores.
    private static let unknownPenalty = 10.0

    private let trie: ByteTrie
    /// The score of each id.
    private let scores: [Double]
    private let unknown: Int32
    private let unknownScore: Double
    /// The ids of the 256 pieces that stand for bytes, -1 for those that are missing; `nil`: unknown characters are not
    /// spelled with them.
    private let byteIDs: [Int32]?

    /// - Parameters:
    ///   - vocabulary: its ids are the places in `scores`.
    ///   - scores: natural logarithms of probabilities, as a rule.
    ///   - unknown: the id of what no piece spells.
    ///   - byteFallback: unknown characters become the pieces `<0x00>` to `<0xFF>` of their bytes, if all are there.
    /// - Throws: `TokenizerError` (`.vocabulary`) if a score is not finite or a piece has none.
    init(
        vocabulary: Vocabulary, scores: [Double], unknown: Int32, byteFallback: Bool
    ) throws(TokenizerError) {
        guard vocabulary.pieceEnd == scores.count, scores.indices.contains(Int(unknown)) else {
            throw TokenizerError(
                .vocabulary,
                "\(vocabulary.pieceEnd) pieces have \(scores.count) scores, and unknown text has the id \(unknown)")
        }
        guard scores.allSatisfy(\.isFinite) else {
            throw TokenizerError(.vocabulary, "the score of a piece is not a finite number")
        }
        trie = vocabulary.trie
        self.scores = scores
        self.unknown = unknown
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
        byteIDs = byteFallback ? (0..<256).map { vocabulary.pieceID(of: Self.bytePiece(UInt8($0))) ?? -1 } : nil
    }

    private static func bytePiece(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
    }

    /// Appends the tokens of one word, the normalised bytes `range`.
    func split(_ text: NormalisedText, _ range: Range<Int>, _ lattice: UnigramLattice, into sink: TokenSink) {
        guard !range.isEmpty else { return }
        let bytes = UnsafePointer(text.bytes) + range.lowerBound
        sink.reserve(range.count)
        lattice.reset(range.count)
        scores.withUnsafeBufferPointer { findBest(bytes, range.count, $0, lattice.nodes) }
        lattice.turnAround(range.count)
        let nodes = lattice.nodes
        var start = 0
        while start < range.count {
            var end = Int(nodes[start].neighbour)
            let id = nodes[end].id
            if id == unknown {
                // Unknown pieces that follow each other are one token.
                while end < range.count, nodes[Int(nodes[end].neighbour)].id == unknown {
                    end = Int(nodes[end].neighbour)
                }
                let source = text.source(range.lowerBound + start, range.lowerBound + end)
                appendUnknown(UnsafeBufferPointer(start: bytes + start, count: end - start), source, sink)
            } else {
                sink.append(id, text.source(range.lowerBound + start, range.lowerBound + end))
            }
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
            trie.forEachMatch(bytes + start, length - start) { id, count in
                nodes[start + count].improve(scores[Int(id)] + before, from: start, id)
                if count == scalarLength { hasScalar = true }
            }
            if !hasScalar { nodes[start + scalarLength].improve(unknownScore + before, from: start, unknown) }
            start += scalarLength
        }
    }

    /// Appends what no piece spells. Together the characters may be spelled like a piece that scores less than they do.
    private func appendUnknown(_ bytes: UnsafeBufferPointer<UInt8>, _ source: Range<Int32>, _ sink: TokenSink) {
        let known = trie.value(at: trie.node(bytes))
        if known >= 0 { return sink.append(known, source) }
        guard let byteIDs, bytes.allSatisfy({ byteIDs[Int($0)] >= 0 }) else { return sink.append(unknown, source) }
        for byte in bytes { sink.append(byteIDs[Int(byte)], source) }
    }
}

/// Working memory for `UnigramModel.split`: the best ways to the positions of one word.
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

    /// The text as the model sees it: with replacements for spaces.
    let words = NormalisedText()
    private(set) var nodes: UnsafeMutablePointer<Node>
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
