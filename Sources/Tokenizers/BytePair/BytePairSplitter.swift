/// Splits text into the tokens of a byte pair encoding.
struct BytePairSplitter: Sendable {
    private let model: BytePairModel
    /// Words that are one token.
    private let words: WordTable
    private let pattern = WordPattern()
    private let addsPrefixSpace: Bool
    private let splitsWords: Bool

    /// Where the bytes of words come from in a text.
    private struct Source {
        let text: NormalisedText
        let bytes: UnsafePointer<UInt8>
        /// The part of the text.
        let part: Range<Int>
        /// What a position in `bytes` is to be raised by to be one of the text.
        let origin: Int

        /// The text's bytes from `start` to `end`, made longer to whole characters. A space before the text belongs to
        /// its first character.
        @inline(__always)
        func range(_ start: Int, _ end: Int) -> Range<Int32> {
            var first = max(start + origin, part.lowerBound)
            var last = max(end + origin, part.lowerBound + 1)
            if text.isIdentity {
                while text.bytes[first] & 0xC0 == 0x80 { first -= 1 }
                while last < part.upperBound && text.bytes[last] & 0xC0 == 0x80 { last += 1 }
            }
            return text.source(first, last)
        }
    }

    /// - Parameters:
    ///   - vocabulary: the tokens.
    ///   - merges: the merges in the order of their ranks, the left piece and the right piece of each.
    ///   - options: of the model.
    ///   - byteLevel: the settings of the `ByteLevel` pre-tokenizer; `nil` for words of characters, which are not cut.
    /// - Throws: `TokenizerError`: `.vocabulary` if a merge or the unknown token is not in the vocabulary,
    ///   `.unsupported` for options that exclude one another.
    init(
        vocabulary: Vocabulary, merges: PieceStorage, options: BytePairOptions, byteLevel: ByteLevelSettings?
    ) throws(TokenizerError) {
        var options = options
        options.isByteLevel = byteLevel != nil
        model = try BytePairModel(vocabulary: vocabulary, merges: merges, options: options)
        words = model.wordTable(vocabulary)
        addsPrefixSpace = byteLevel?.addsPrefixSpace ?? false
        splitsWords = byteLevel?.splitsWords ?? false
    }

    /// Appends the tokens of the normalised bytes `range`.
    func split(_ text: NormalisedText, _ range: Range<Int>, into sink: TokenSink) {
        guard !range.isEmpty else { return }
        let bytes = UnsafePointer(text.bytes)
        sink.reserve(range.count + 1)
        if addsPrefixSpace && bytes[range.lowerBound] != 0x20 {
            sink.bytePair.withSpace(before: bytes + range.lowerBound, range.count) { spaced in
                let source = Source(text: text, bytes: spaced, part: range, origin: range.lowerBound - 1)
                split(source, 0, range.count + 1, sink)
            }
        } else {
            let source = Source(text: text, bytes: bytes, part: range, origin: 0)
            split(source, range.lowerBound, range.upperBound, sink)
        }
    }

    /// Appends the tokens of one word, without a space before it.
    func split(word: Range<Int>, of text: NormalisedText, into sink: TokenSink) {
        guard !word.isEmpty else { return }
        sink.reserve(word.count)
        let source = Source(text: text, bytes: UnsafePointer(text.bytes), part: word, origin: 0)
        appendWord(source, word.lowerBound, word.upperBound, sink)
    }

    private func split(_ source: Source, _ start: Int, _ end: Int, _ sink: TokenSink) {
        guard splitsWords else { return appendWord(source, start, end, sink) }
        pattern.forEachWord(source.bytes, start, end) { appendWord(source, $0, $1, sink) }
    }

    @inline(__always)
    private func appendWord(_ source: Source, _ start: Int, _ end: Int, _ sink: TokenSink) {
        if end - start <= WordTable.longest {
            let id = words.id(source.bytes + start, end - start)
            if id >= 0 { return sink.append(id, source.range(start, end)) }
        }
        appendTokens(source, start, end, sink)
    }

    /// Appends the tokens of a word that has several.
    private func appendTokens(_ source: Source, _ start: Int, _ end: Int, _ sink: TokenSink) {
        let (word, length) = (source.bytes + start, end - start)
        let scratch = sink.bytePair
        guard length <= WordCache.longestWord else {
            return model.forEachToken(word, length, scratch) { sink.append($0, source.range(start + $1, start + $2)) }
        }
        scratch.cache.forEachToken(word, length, of: model) { add in
            model.forEachToken(word, length, scratch, add)
        } _: { token in
            sink.append(token.id, source.range(start + Int(token.start), start + Int(token.end)))
        }
    }
}
