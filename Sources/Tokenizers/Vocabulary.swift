/// The tokens of a model by id, and their ids. Ids run from 0 without gaps.
///
/// Spellings are compared byte for byte: "é" as one scalar and as two are different tokens, as in the vocabulary files.
package struct Vocabulary: Sendable {
    private let pieces: PieceStorage
    private let outside: [AddedToken]
    let trie: PieceTrie
    /// How many tokens the WordPiece model itself knows; the ids behind them are added tokens, found only as a whole.
    package let pieceCount: Int

    /// Makes a vocabulary from the tokens in the order of their ids.
    ///
    /// - Parameter added: tokens beside the model's, with the ids that follow.
    /// - Throws: `TokenizerError` (`.vocabulary`) if a token stands twice or `added` leaves a gap.
    package init(_ tokens: some Sequence<String>, added: [AddedToken] = []) throws(TokenizerError) {
        var pieces = PieceStorage()
        for token in tokens { pieces.append(token.utf8) }
        try self.init(pieces: pieces, added: added)
    }

    init(pieces: PieceStorage, added: [AddedToken]) throws(TokenizerError) {
        var pieces = pieces
        pieceCount = pieces.count
        guard pieces.bytes.count < PieceTrie.maximumNodes else {
            throw TokenizerError(
                .vocabulary, "the vocabulary holds \(pieces.bytes.count) bytes of text; at most 16 MiB fit")
        }
        var duplicates: [(id: Int, first: Int32)] = []
        trie = PieceTrie(pieces, count: pieces.count, duplicates: &duplicates)
        if let (id, first) = duplicates.first {
            throw TokenizerError(
                .vocabulary,
                "the token \"\(pieces[id])\" stands twice in the vocabulary, with the ids \(first) and \(id)")
        }
        outside = added.sorted { $0.id < $1.id }
        for token in outside {
            guard Int(token.id) == pieces.count else {
                throw TokenizerError(
                    .vocabulary,
                    "the added token \"\(token.content)\" has id \(token.id) where \(pieces.count) is the next free one"
                )
            }
            pieces.append(token.content.utf8)
        }
        self.pieces = pieces
    }

    /// The number of tokens, added ones included.
    package var count: Int { pieces.count }

    /// The spelling of a token, `nil` if there is no such id.
    package subscript(id: Int32) -> String? {
        id >= 0 && Int(id) < pieces.count ? pieces[Int(id)] : nil
    }

    /// The id of a token spelled exactly so.
    package func id(of token: String) -> Int32? {
        let id = trie.id(at: trie.node(token.utf8))
        if id >= 0 { return id }
        return outside.first { $0.content.utf8.elementsEqual(token.utf8) }?.id
    }

    /// The model's tokens for a search by whole words; tokens that continue a word are left out.
    func wordTable(without prefix: String) -> WordTable {
        let prefix = Array(prefix.utf8)
        let ids = (0..<pieceCount).filter { prefix.isEmpty || !pieces.bytes[pieces.range($0)].starts(with: prefix) }
        return WordTable(pieces, ids: ids)
    }
}
