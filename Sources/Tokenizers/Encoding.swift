/// The tokens of one text, without special tokens.
public struct TokenizedText: Sendable, Hashable {
    /// Token ids.
    public let ids: [Int32]
    /// For each token the UTF-8 bytes of the text it came from.
    public let offsets: [Range<Int32>]
    /// The positions of tokens that were found in the text as a whole, in order.
    let addedPositions: [Int]
    /// How many tokens there are up to the end of each word, where a sequence of pre-tokenizers cut them; else empty.
    let wordEnds: [Int]

    /// Makes a tokenised text; both arrays have the same length.
    public init(ids: [Int32], offsets: [Range<Int32>]) {
        precondition(ids.count == offsets.count)
        self.init(ids: ids, offsets: offsets, addedPositions: [], wordEnds: [])
    }

    init(ids: [Int32], offsets: [Range<Int32>], addedPositions: [Int], wordEnds: [Int]) {
        self.ids = ids
        self.offsets = offsets
        self.addedPositions = addedPositions
        self.wordEnds = wordEnds
    }

    /// The number of tokens.
    public var count: Int { ids.count }
}

/// A model input: one text or a pair with its special tokens. All arrays have the same length.
public struct Encoding: Sendable, Hashable {
    /// Token ids.
    public var ids: [Int32]
    /// The segments: 0 for the first text and the special tokens around it, 1 (0 in a model with one segment) for the
    /// second and the separator behind it.
    public var typeIDs: [Int32]
    /// UTF-8 byte ranges in the token's own text; `0..<0` for special tokens.
    public var offsets: [Range<Int32>]
    /// 0 for tokens of the first text, 1 for tokens of the second, -1 for special tokens.
    public var sequence: [Int8]

    /// The number of tokens.
    public var count: Int { ids.count }

    init(reserving count: Int) {
        (ids, typeIDs, offsets, sequence) = ([], [], [], [])
        ids.reserveCapacity(count)
        typeIDs.reserveCapacity(count)
        offsets.reserveCapacity(count)
        sequence.reserveCapacity(count)
    }

    mutating func append(_ special: [PairTemplate.Special]) {
        for token in special {
            ids.append(token.id)
            typeIDs.append(token.type)
            offsets.append(0..<0)
            sequence.append(-1)
        }
    }

    mutating func append(_ text: TokenizedText, keeping count: Int, type: Int32, sequence number: Int8) {
        ids.append(contentsOf: text.ids[..<count])
        offsets.append(contentsOf: text.offsets[..<count])
        typeIDs.append(contentsOf: repeatElement(type, count: count))
        sequence.append(contentsOf: repeatElement(number, count: count))
    }
}
