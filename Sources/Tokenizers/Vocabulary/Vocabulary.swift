/// The tokens of a model by id, and their ids.
///
/// Spellings are compared byte for byte: "é" as one scalar and as two are different tokens, as in the vocabulary
/// files. Ids may have holes, and a spelling that is there several times has the last of its ids, as in the
/// `tokenizers` library.
package struct Vocabulary: Sendable {
    /// Ids must be smaller than this; no BERT embeds more tokens.
    static let idLimit = 1 << 22

    let pieces: PieceStorage
    /// The id of each of `pieces`.
    let pieceIDs: [Int32]
    /// By id: the place of its token in `pieces`; -1 if there is none.
    private let owners: [Int32]
    private let index: PieceIndex
    /// How many tokens the model itself knows; added tokens are found only as a whole.
    package let pieceCount: Int
    /// The tokens that were added to the model's.
    private(set) var added = AddedTokens()
    /// The places in `pieces` whose spelling was there before.
    let repeatedPlaces: [Int]
    /// The places in `pieces` whose id another spelling had before.
    let sharedPlaces: [Int]

    /// Makes a vocabulary from the tokens in the order of their ids.
    ///
    /// - Throws: `TokenizerError` (`.vocabulary`) if there are more tokens than any BERT has.
    package init(_ tokens: some Sequence<String>) throws(TokenizerError) {
        var pieces = PieceStorage()
        for token in tokens { pieces.append(token.utf8) }
        try self.init(pieces: pieces)
    }

    /// - Parameters:
    ///   - ids: the id of each piece, below `idLimit`; `nil` numbers them from 0.
    ///   - isUnigram: for Unigram models: with an index that is built fast, and each of several equal pieces counts as
    ///     a token, although the last alone is found.
    init(pieces: PieceStorage, ids: [Int32]? = nil, isUnigram: Bool = false) throws(TokenizerError) {
        try pieces.checkSize("tokens of the vocabulary")
        guard pieces.count <= Self.idLimit else {
            throw TokenizerError(.vocabulary, "the vocabulary has \(pieces.count) tokens; at most \(Self.idLimit) fit")
        }
        let ids = ids ?? Array(0..<Int32(pieces.count))
        var repeated: [(place: Int, id: Int32)] = []
        index =
            isUnigram
            ? .tree(PieceTree(pieces, values: ids) { repeated.append(($0, $1)) })
            : .trie(ByteTrie(pieces, values: ids, preferring: .last) { repeated.append(($0, $1)) })
        var owners = [Int32](repeating: -1, count: Int(ids.max() ?? -1) + 1)
        var shared: [Int] = []
        for (place, id) in ids.enumerated() {
            if owners[Int(id)] < 0 {
                owners[Int(id)] = Int32(place)
            } else if !pieces.areEqual(Int(owners[Int(id)]), place) {
                shared.append(place)
            }
        }
        for (place, id) in repeated where !isUnigram && id != ids[place] && owners[Int(id)] >= 0 {
            if pieces.areEqual(Int(owners[Int(id)]), place) { owners[Int(id)] = -1 }
        }
        self.pieces = pieces
        self.owners = owners
        pieceIDs = ids
        pieceCount = isUnigram ? pieces.count : pieces.count - repeated.count
        repeatedPlaces = repeated.map(\.place)
        sharedPlaces = shared
    }

    /// Adds tokens that are looked for as a whole, as the library does: one that the model has keeps its id, each other
    /// one gets the next id.
    mutating func add(_ tokens: [AddedToken]) {
        let index = index
        added.add(tokens, pieceCount: pieceCount) { content in
            let id = index.value(of: content.utf8)
            return id < 0 ? nil : id
        }
    }

    /// Removes the added tokens whose ids are `limit` or more.
    mutating func removeAdded(from limit: Int32) { added.removeIDs(from: limit) }

    /// One more than the highest id: so many rows an embedding needs.
    package var count: Int { max(owners.count, Int(added.highestID) + 1) }

    /// One more than the highest id of the model's own tokens.
    var pieceEnd: Int { owners.count }

    /// The spelling of a token, `nil` if there is no such id.
    package subscript(id: Int32) -> String? {
        if let token = added[id] { return token.content }
        guard let place = pieceOwner(id) else { return nil }
        return pieces[place]
    }

    /// The place in `pieces` of the model's token with this id.
    func pieceOwner(_ id: Int32) -> Int? {
        guard id >= 0, Int(id) < owners.count, owners[Int(id)] >= 0 else { return nil }
        return Int(owners[Int(id)])
    }

    /// Whether a line of `vocab.txt` holds the piece at a place as it is: no line break in it, no white space behind
    /// it.
    func isLine(_ place: Int) -> Bool {
        let range = pieces.range(place)
        guard let last = pieces.bytes[range].last else { return true }
        if last < 0x80 && last > 0x20 { return !pieces.bytes[range].contains(0x0A) }
        let piece = pieces[place]
        return !piece.utf8.contains(0x0A) && piece.unicodeScalars.last?.properties.isWhitespace != true
    }

    /// The id of a token spelled exactly so.
    package func id(of token: String) -> Int32? { added.id(of: token) ?? pieceID(of: token) }

    /// The id of a token of the model itself.
    func pieceID(of token: String) -> Int32? {
        let id = index.value(of: token.utf8)
        return id < 0 ? nil : id
    }

    /// The places in `pieces` that count: of equal spellings the last one.
    var placesInUse: [Int] {
        guard !repeatedPlaces.isEmpty else { return Array(0..<pieces.count) }
        return (0..<pieces.count).filter { index.value(of: pieces.bytes[pieces.range($0)]) == pieceIDs[$0] }
    }

    /// The tokens of the model itself as a tree of bytes.
    var trie: ByteTrie {
        if case .trie(let trie) = index { return trie }
        return ByteTrie(pieces, values: pieceIDs, preferring: .last)
    }

    /// The tokens of the model itself as the tree of Unigram.
    var tree: PieceTree {
        if case .tree(let tree) = index { return tree }
        return PieceTree(pieces, values: pieceIDs)
    }

    /// The model's tokens for a search by whole words; tokens that continue a word are left out.
    func wordTable(without prefix: String) -> WordTable {
        let prefix = Array(prefix.utf8)
        let places = placesInUse.filter { prefix.isEmpty || !pieces.bytes[pieces.range($0)].starts(with: prefix) }
        return WordTable(pieces, places: places, ids: pieceIDs)
    }
}

/// Finds the tokens of a model by their spelling.
private enum PieceIndex: Sendable {
    case trie(ByteTrie)
    case tree(PieceTree)

    /// The id of the token that is spelled so, or -1.
    func value(of piece: some Collection<UInt8>) -> Int32 {
        switch self {
        case .trie(let trie): trie.value(at: trie.node(piece))
        case .tree(let tree): tree.value(of: piece)
        }
    }
}
