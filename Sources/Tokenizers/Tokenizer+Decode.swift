extension Tokenizer {
    /// The text of token ids, as the tokenizer's decoder puts them together. Ids the vocabulary does not hold are left
    /// out.
    ///
    /// - Parameters:
    ///   - ids: the ids of tokens.
    ///   - skipSpecialTokens: leaves out tokens that are marked special.
    ///   - cleanUp: WordPiece: takes out the spaces before punctuation and English contractions.
    public func decode(
        _ ids: some Sequence<Int32>, skipSpecialTokens: Bool = true, cleanUp: Bool = true
    ) -> String {
        // The library compares decoded spellings, so a special token that normalisation changes stays.
        let tokens = ids.compactMap(decodedSpelling).filter { !(skipSpecialTokens && vocabulary.added.isSpecial($0)) }
        return decoder.text(tokens, cleanUp: cleanUp)
    }

    /// The spellings of an encoding's tokens as the library reports them: added tokens, and text that a Unigram
    /// vocabulary cannot spell, as they stand in the text.
    ///
    /// - Parameters:
    ///   - encoding: the tokens.
    ///   - first: the text, or the first of the pair, that was encoded.
    ///   - second: the second text of the pair.
    public func spellings(of encoding: Encoding, first: String, second: String = "") -> [String] {
        let added = vocabulary.added
        let scratch = TokenizerScratch()
        let texts = [Array(first.utf8), Array(second.utf8)]
        let unknown = [first, second].map { unknownSpellings(in: $0, scratch) }
        var (end, position, current) = (0, 0, -1)
        return encoding.ids.indices.map { index in
            let (id, sequence) = (encoding.ids[index], Int(encoding.sequence[index]))
            guard sequence >= 0 else { return vocabulary[id] ?? "" }
            (end, position) = sequence == current ? (end, position + 1) : (0, 0)
            current = sequence
            if let spelling = unknown[sequence][position] { return spelling }
            var range = Int(encoding.offsets[index].lowerBound)..<Int(encoding.offsets[index].upperBound)
            defer { end = range.upperBound }
            guard let token = added[id], token.stripsLeft || token.stripsRight || token.isNormalised else {
                return vocabulary[id] ?? ""
            }
            range = token.whole(range, in: texts[sequence], after: end)
            let text = String(decoding: texts[sequence][range], as: UTF8.self)
            return token.isNormalised ? normaliser.normalise(text, using: scratch) : text
        }
    }

    /// What stands in the text for each token that the vocabulary of a Unigram tokenizer cannot spell, by its position.
    private func unknownSpellings(in text: String, _ scratch: TokenizerScratch) -> [Int: String] {
        guard case .unigram = splitter else { return [:] }
        scratch.sink.unknownSpellings = [:]
        defer { scratch.sink.unknownSpellings = nil }
        _ = tokenize(text, scratch: scratch)
        return scratch.sink.unknownSpellings ?? [:]
    }

    private func decodedSpelling(_ id: Int32) -> String? {
        if let token = vocabulary.added[id], token.isNormalised {
            return normaliser.normalise(token.content, using: TokenizerScratch())
        }
        return vocabulary[id]
    }
}

extension AddedToken {
    /// The bytes of a text that the token took, where the white space that belongs to it may have been taken out of its
    /// position.
    fileprivate func whole(_ range: Range<Int>, in text: [UInt8], after limit: Int) -> Range<Int> {
        text.withUnsafeBufferPointer { buffer in
            guard let bytes = buffer.baseAddress else { return range }
            var (start, end) = (range.lowerBound, range.upperBound)
            let isWhite = { (position: Int) in
                UnicodeTable.shared.traits(UTF8Scalars.decode(bytes, position).scalar).contains(.white)
            }
            while stripsLeft && start > limit {
                let before = UTF8Scalars.start(before: start, bytes)
                if !isWhite(before) { break }
                start = before
            }
            while stripsRight && end < text.count && isWhite(end) { end = UTF8Scalars.decode(bytes, end).next }
            return start..<end
        }
    }
}
