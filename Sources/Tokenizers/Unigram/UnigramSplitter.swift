/// Splits normalised text into words as `WhitespaceSplit` and `Metaspace` do, and words into the pieces of a
/// `UnigramModel`.
struct UnigramSplitter: Sendable {
    /// How spaces are written; `nil`: as spaces, and the whole text is one word.
    let metaspace: Metaspace?
    let model: UnigramModel

    /// - Throws: `TokenizerError` (`.vocabulary`) if the scores do not fit the vocabulary.
    init(
        vocabulary: Vocabulary, scores: [Double], unknown: Int32, byteFallback: Bool = false,
        metaspace: MetaspaceSettings? = MetaspaceSettings()
    ) throws(TokenizerError) {
        self.metaspace = metaspace.map { Metaspace($0) }
        model = try UnigramModel(
            vocabulary: vocabulary, scores: scores, unknown: unknown, byteFallback: byteFallback)
    }

    /// Appends the tokens of the normalised bytes `range`.
    func split(_ text: NormalisedText, _ range: Range<Int>, into sink: TokenSink) {
        guard let metaspace, metaspace.settings.dropsWhiteSpace else { return split(word: range, of: text, into: sink) }
        let scratch = sink.unigram
        let bytes = UnsafePointer(text.bytes)
        var start = range.lowerBound
        var position = start
        while position < range.upperBound {
            let (isWhite, next) = whiteSpace(bytes, position)
            if isWhite {
                split(start..<position, of: text, metaspace, scratch, sink)
                start = next
            }
            position = next
        }
        split(start..<range.upperBound, of: text, metaspace, scratch, sink)
    }

    @inline(__always)
    private func whiteSpace(_ bytes: UnsafePointer<UInt8>, _ position: Int) -> (isWhite: Bool, next: Int) {
        let byte = bytes[position]
        if byte < 0x80 { return (byte == 0x20 || (0x09...0x0D).contains(byte), position + 1) }
        let (scalar, next) = UTF8Scalars.decode(bytes, position)
        return (UnicodeTable.shared.traits(scalar).contains(.white), next)
    }

    /// Appends the tokens of the normalised bytes `word`, which pre-tokenizers before `Metaspace` have cut out.
    func split(word: Range<Int>, of text: NormalisedText, into sink: TokenSink) {
        if let metaspace { return split(word, of: text, metaspace, sink.unigram, sink) }
        model.split(word: word, of: text, using: sink.unigram, into: sink)
    }

    private func split(
        _ part: Range<Int>, of text: NormalisedText, _ metaspace: Metaspace, _ scratch: UnigramScratch,
        _ sink: TokenSink
    ) {
        if part.isEmpty { return }
        let words = scratch.words
        words.reset(base: 0, reserving: 0)
        words.leaveIdentity()
        metaspace.rewrite(text, part, into: words)
        var start = 0
        if metaspace.settings.splitsWords {
            let bytes = UnsafePointer(words.bytes)
            var position = UTF8Scalars.length(bytes[0])
            while position < words.count {
                if metaspace.isReplacement(bytes, position) {
                    model.split(word: start..<position, of: words, using: scratch, into: sink)
                    start = position
                }
                position += UTF8Scalars.length(bytes[position])
            }
        }
        model.split(word: start..<words.count, of: words, using: scratch, into: sink)
    }
}
