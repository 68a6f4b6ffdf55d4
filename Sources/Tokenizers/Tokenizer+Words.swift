extension Tokenizer {
    /// How many tokens the library has made when it cuts: it stops at the end of the first word that reaches the limit;
    /// a token that was found as a whole is no word.
    ///
    /// Which of two long texts counts as the longer one, and keeps the odd token under `.longestFirst`, depends on it.
    func counted(_ text: TokenizedText, limit: Int) -> Int {
        guard text.count > limit, limit > 0 else { return text.count }
        switch preTokeniser {
        case .steps: return text.wordEnds.first { $0 >= limit } ?? text.count
        case .ownWords(.byteLevel(let settings)): return byteLevelWordEnd(text, limit, settings)
        case .ownWords(let words):
            return (limit..<text.count).first { place in
                let (before, here) = (isAdded(place - 1, text), isAdded(place, text))
                return !before && (here || begins(place, text, words))
            } ?? text.count
        }
    }

    /// Whether a token was found in the text as a whole.
    private func isAdded(_ place: Int, _ text: TokenizedText) -> Bool { text.addedPositions.contains(place) }

    /// Whether a word begins with a token.
    private func begins(_ place: Int, _ text: TokenizedText, _ words: PreTokeniser.Words) -> Bool {
        let spelling = (vocabulary[text.ids[place]] ?? "").utf8
        guard case .metaspace(let settings) = words else { return !spelling.starts(with: continuationPrefix.utf8) }
        if settings.dropsWhiteSpace, text.offsets[place].lowerBound > text.offsets[place - 1].upperBound { return true }
        return settings.splitsWords && spelling.starts(with: String(settings.replacement).utf8)
    }

    /// The end of the word that the first `limit` tokens reach into. Byte-level tokens hold all bytes of the text, so
    /// that words can be found in them.
    private func byteLevelWordEnd(_ text: TokenizedText, _ limit: Int, _ settings: ByteLevelSettings) -> Int {
        guard let last = (limit - 1..<text.count).first(where: { !isAdded($0, text) }) else { return text.count }
        let start = text.addedPositions.last { $0 < last }.map { $0 + 1 } ?? 0
        let end = text.addedPositions.first { $0 > last } ?? text.count
        guard settings.splitsWords else { return end }
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for id in text.ids[start..<end] {
            let spelling = Array((vocabulary[id] ?? "").utf8)
            spelling.withUnsafeBufferPointer { _ = ByteAlphabet.append($0, to: &bytes) }
            ends.append(bytes.count)
        }
        var wordEnd = bytes.count
        bytes.withUnsafeBufferPointer { buffer in
            guard let first = buffer.baseAddress else { return }
            WordPattern().forEachWord(first, 0, buffer.count) {
                if $1 >= ends[last - start] { wordEnd = min(wordEnd, $1) }
            }
        }
        return start + (ends.firstIndex { $0 >= wordEnd } ?? ends.count - 1) + 1
    }
}
