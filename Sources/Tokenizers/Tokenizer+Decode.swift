extension Tokenizer {
    /// What `cleanUp` replaces in each token, in order, as the library's WordPiece decoder does.
    private static let cleaning: [(from: [UInt8], to: [UInt8])] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.utf8), Array($1.utf8)) }

    /// The text of token ids: pieces joined, a space before each word. Ids the vocabulary does not hold are left out.
    ///
    /// - Parameters:
    ///   - ids: the ids of tokens.
    ///   - skipSpecialTokens: leaves out tokens that are marked special.
    ///   - cleanUp: takes out the spaces before punctuation and English contractions.
    public func decode(
        _ ids: some Sequence<Int32>, skipSpecialTokens: Bool = true, cleanUp: Bool = true
    ) -> String {
        let prefix = Array(continuationPrefix.utf8)
        var text: [UInt8] = []
        var isFirst = true
        for id in ids {
            guard let spelling = decodedSpelling(id) else { continue }
            // The library compares decoded spellings, so a special token that normalisation changes stays.
            if skipSpecialTokens && vocabulary.added.isSpecial(spelling) { continue }
            var token = Array(spelling.utf8)
            if !isFirst {
                if token.starts(with: prefix) { token.removeFirst(prefix.count) } else { token.insert(0x20, at: 0) }
            }
            isFirst = false
            if cleanUp && token.contains(0x20) {
                for (from, to) in Self.cleaning { token = Self.replacing(from, by: to, in: token) }
            }
            text.append(contentsOf: token)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The spellings of an encoding's tokens as the library reports them: added tokens as they stand in the text.
    ///
    /// - Parameters:
    ///   - encoding: the tokens.
    ///   - first: the text, or the first of the pair, that was encoded.
    ///   - second: the second text of the pair.
    public func spellings(of encoding: Encoding, first: String, second: String = "") -> [String] {
        let added = vocabulary.added
        let scratch = TokenizerScratch()
        return encoding.ids.indices.map { index in
            let id = encoding.ids[index]
            if encoding.sequence[index] >= 0, let token = added[id],
                token.stripsLeft || token.stripsRight || token.isNormalised
            {
                let range = encoding.offsets[index]
                let bytes = (encoding.sequence[index] == 0 ? first : second).utf8
                let slice = bytes.dropFirst(Int(range.lowerBound)).prefix(range.count)
                let text = String(decoding: slice, as: UTF8.self)
                return token.isNormalised ? normaliser.normalise(text, using: scratch) : text
            }
            return vocabulary[id] ?? ""
        }
    }

    private func decodedSpelling(_ id: Int32) -> String? {
        if let token = vocabulary.added[id], token.isNormalised {
            return normaliser.normalise(token.content, using: TokenizerScratch())
        }
        return vocabulary[id]
    }

    private static func replacing(_ from: [UInt8], by to: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            if bytes[position...].starts(with: from) {
                result.append(contentsOf: to)
                position += from.count
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return result
    }
}
