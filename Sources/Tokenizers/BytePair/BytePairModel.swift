/// The byte pair encoding of single words: neighbouring pieces are merged, those of the lowest rank first.
///
/// - Source: `BPE` of tokenizers 0.23.1 (`tokenizers/src/models/bpe`).
final class BytePairModel: Sendable {
    let options: BytePairOptions
    private let trie: ByteTrie
    private let merges: MergeTable
    /// The ids of the letters of all bytes, -1 where the vocabulary has none; empty if it is not byte-level.
    private let letterIDs: [Int32]
    /// The ids of `<0x00>` to `<0xFF>`, -1 where the vocabulary has none.
    private let fallbackIDs: [Int32]
    private let unknownID: Int32
    /// Where the search for a piece inside a word begins in the trie.
    private let continuingNode: Int
    /// Whether pieces are spelled in another way inside a word or at its end.
    private let hasAffixes: Bool

    /// - Parameters:
    ///   - vocabulary: the tokens.
    ///   - merges: the merges in the order of their ranks, the left piece and the right piece of each.
    /// - Throws: `TokenizerError`: `.vocabulary` if a merge or the unknown token is not in the vocabulary,
    ///   `.unsupported` for options that exclude one another.
    init(
        vocabulary: Vocabulary, merges rules: PieceStorage, options: BytePairOptions
    ) throws(TokenizerError) {
        self.options = options
        trie = vocabulary.trie
        hasAffixes = !options.continuingPrefix.isEmpty || !options.wordSuffix.isEmpty
        guard !(options.fallsBackToBytes && hasAffixes) else {
            throw TokenizerError(
                .unsupported,
                "byte_fallback is not supported together with continuing_subword_prefix or end_of_word_suffix")
        }
        continuingNode = trie.node(options.continuingPrefix.utf8)
        merges = MergeTable(try Self.ids(rules, trie, prefix: options.continuingPrefix))
        letterIDs = options.isByteLevel ? Self.letterIDs(trie) : []
        fallbackIDs = Self.fallbackIDs(trie)
        unknownID = options.unknown.flatMap { vocabulary.pieceID(of: $0) } ?? -1
        let spellsEverything = options.isByteLevel && !hasAffixes && letterIDs.allSatisfy { $0 >= 0 }
        if let unknown = options.unknown, unknownID < 0, !spellsEverything {
            throw TokenizerError(
                .vocabulary, "the vocabulary has no \(unknown) token, which stands for characters that it lacks")
        }
    }

    /// The ids of the two pieces of each merge and of what they become.
    private static func ids(
        _ rules: PieceStorage, _ trie: ByteTrie, prefix: String
    ) throws(TokenizerError) -> [(first: Int32, second: Int32, merged: Int32)] {
        var ids: [(first: Int32, second: Int32, merged: Int32)] = []
        ids.reserveCapacity(rules.count / 2)
        let prefixLength = prefix.utf8.count
        for place in stride(from: 0, to: rules.count, by: 2) {
            let first = rules.bytes[rules.range(place)]
            let second = rules.bytes[rules.range(place + 1)]
            let firstNode = trie.node(first)
            let found = (
                trie.value(at: firstNode), trie.value(at: trie.node(second)),
                trie.value(at: trie.node(second.dropFirst(prefixLength), from: firstNode))
            )
            guard found.0 >= 0, found.1 >= 0, found.2 >= 0, second.count >= prefixLength else {
                let missing = found.0 < 0 ? first : found.1 < 0 ? second : first + second.dropFirst(prefixLength)
                throw TokenizerError(
                    .vocabulary,
                    "merge \(place / 2 + 1), \"\(rules[place]) \(rules[place + 1])\", has or makes the token "
                        + "\"\(String(decoding: missing, as: UTF8.self))\", which the vocabulary lacks")
            }
            ids.append((found.0, found.1, found.2))
        }
        return ids
    }

    private static func letterIDs(_ trie: ByteTrie) -> [Int32] {
        ByteAlphabet.letters.map { letter in
            var spelling: [UInt8] = []
            UTF8Scalars.encode(letter) { spelling.append($0) }
            return trie.value(at: trie.node(spelling))
        }
    }

    private static func fallbackIDs(_ trie: ByteTrie) -> [Int32] {
        (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return trie.value(at: trie.node("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8))
        }
    }

    /// The short words that are one token.
    func wordTable(_ vocabulary: Vocabulary) -> WordTable {
        let (pieces, scratch) = (vocabulary.pieces, BytePairScratch())
        var words = PieceStorage()
        var ids: [Int32] = []
        var word: [UInt8] = []
        for place in hasAffixes ? [] : vocabulary.placesInUse {
            let range = pieces.range(place)
            guard range.count <= 2 * WordTable.longest else { continue }
            word.removeAll(keepingCapacity: true)
            let isWord = pieces.bytes[range].withUnsafeBufferPointer { spelling in
                if options.isByteLevel { return ByteAlphabet.append(spelling, to: &word) }
                word.append(contentsOf: spelling)
                return true
            }
            guard isWord, (1...WordTable.longest).contains(word.count) else { continue }
            let id = vocabulary.pieceIDs[place]
            if isOneToken(word, id, scratch) {
                words.append(word)
                ids.append(id)
            }
        }
        return WordTable(words, places: Array(0..<words.count), ids: ids)
    }

    private func isOneToken(_ word: [UInt8], _ id: Int32, _ scratch: BytePairScratch) -> Bool {
        var isOne = false
        forEachToken(word, word.count, scratch) { token, start, end in
            isOne = token == id && start == 0 && end == word.count
        }
        return isOne
    }

    /// Calls `body` with each token of a word that is not empty: its id, and its bytes in the word.
    ///
    /// - Parameter bytes: the word's bytes; for a byte-level vocabulary before they are spelled.
    @inline(__always)
    func forEachToken(
        _ bytes: UnsafePointer<UInt8>, _ length: Int, _ scratch: BytePairScratch,
        _ body: (_ id: Int32, _ start: Int, _ end: Int) -> Void
    ) {
        let chain = scratch.chain
        if options.isByteLevel && !hasAffixes && !options.ignoresMerges && begin(chain, withBytes: bytes, length) {
            chain.merge(by: merges)
            return chain.forEach(body)
        }
        let word = UnsafeBufferPointer(start: bytes, count: length)
        guard options.isByteLevel else {
            mergeSpelled(word, chain)
            return chain.forEach(body)
        }
        scratch.spell(word)
        scratch.spelling.withUnsafeBufferPointer { mergeSpelled($0, chain) }
        chain.forEach { id, start, end in body(id, scratch.source(start), scratch.source(end - 1) + 1) }
    }

    /// Makes each byte a piece; `false` if the vocabulary lacks the letter of one.
    private func begin(_ chain: PieceChain, withBytes bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        chain.reset(reserving: length)
        return letterIDs.withUnsafeBufferPointer { letterIDs in
            for index in 0..<length {
                let id = letterIDs[Int(bytes[index])]
                if id < 0 { return false }
                chain.append(id, length: 1)
            }
            return true
        }
    }

    /// Makes the tokens of a word that is spelled as in the vocabulary.
    private func mergeSpelled(_ word: UnsafeBufferPointer<UInt8>, _ chain: PieceChain) {
        chain.reset(reserving: word.count)
        if options.ignoresMerges {
            let id = trie.value(at: trie.node(word))
            if id >= 0 { return chain.append(id, length: word.count) }
        }
        begin(chain, withCharacters: word)
        chain.merge(by: merges)
    }

    /// Makes each character a piece, or what stands for one that the vocabulary lacks.
    ///
    /// An unknown character waits until the next known one, so that others can be fused with it; the bytes of a
    /// character that falls back to bytes do not wait. The library does the same: `BPE::merge_word`.
    private func begin(_ chain: PieceChain, withCharacters word: UnsafeBufferPointer<UInt8>) {
        var waiting = 0
        var position = 0
        while position < word.count {
            var end = position + 1
            while end < word.count && word[end] & 0xC0 == 0x80 { end += 1 }
            let id = characterID(word, position..<end)
            if id >= 0 || (waiting > 0 && !options.fusesUnknown && !fallsBack(word, position..<end)) {
                if waiting > 0 { chain.append(unknownID, length: waiting) }
                waiting = 0
            }
            if id >= 0 {
                chain.append(id, length: end - position)
            } else if fallsBack(word, position..<end) {
                for byte in word[position..<end] { chain.append(fallbackIDs[Int(byte)], length: 1) }
            } else if unknownID >= 0 {
                waiting += end - position
            }
            position = end
        }
        if waiting > 0 { chain.append(unknownID, length: waiting) }
    }

    private func characterID(_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int32 {
        var node = trie.node(word[range], from: range.lowerBound == 0 ? ByteTrie.root : continuingNode)
        if range.upperBound == word.count { node = trie.node(options.wordSuffix.utf8, from: node) }
        return trie.value(at: node)
    }

    private func fallsBack(_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        options.fallsBackToBytes && word[range].allSatisfy { fallbackIDs[Int($0)] >= 0 }
    }
}
