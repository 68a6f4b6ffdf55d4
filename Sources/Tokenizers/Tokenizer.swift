/// BERT's tokenizer: text to token ids with positions and back, equal to the `tokenizers` library's `BertTokenizer`.
package struct Tokenizer: Sendable {
    /// The tokens and their ids.
    package let vocabulary: Vocabulary
    /// What happens to a text before it is split.
    package let normaliser: Normaliser
    /// The tokens with a role.
    package let specialTokens: SpecialTokens
    /// The tokens looked for in the text as a whole, by id.
    package let addedTokens: [AddedToken]
    /// What pieces inside a word begin with in the vocabulary.
    package let continuationPrefix: String
    /// Words of more Unicode scalars are unknown.
    package let maximumWordScalars: Int
    /// The id of `[CLS]`, the first token of every input.
    package let clsID: Int32
    /// The id of `[SEP]`, behind each text.
    package let sepID: Int32
    /// The id of `[PAD]`; 0, as the library pads, where the vocabulary has none.
    package let padID: Int32
    /// The id of `[UNK]`, for words the vocabulary cannot spell.
    package let unkID: Int32
    /// The id of `[MASK]`, if the vocabulary has it.
    package let maskID: Int32?

    let engine: NormaliserEngine
    private let splitter: WordSplitter
    private let literalTokens: AddedTokenMatcher
    private let normalisedTokens: AddedTokenMatcher

    /// Makes a tokenizer from its parts.
    ///
    /// - Parameters:
    ///   - vocabulary: must hold the `[CLS]`, `[SEP]` and `[UNK]` of `specialTokens`.
    ///   - addedTokens: `nil`: the special tokens that the vocabulary holds.
    ///   - maximumWordScalars: words of more Unicode scalars, after normalisation, are unknown.
    /// - Throws: `TokenizerError` (`.vocabulary`) naming the token that is missing.
    package init(
        vocabulary: Vocabulary, normaliser: Normaliser = Normaliser(), specialTokens: SpecialTokens = SpecialTokens(),
        addedTokens: [AddedToken]? = nil, continuationPrefix: String = "##", maximumWordScalars: Int = 100
    ) throws(TokenizerError) {
        self.vocabulary = vocabulary
        self.normaliser = normaliser
        self.specialTokens = specialTokens
        self.continuationPrefix = continuationPrefix
        self.maximumWordScalars = maximumWordScalars
        let added = addedTokens ?? specialTokens.added(to: vocabulary)
        self.addedTokens = added.sorted { $0.id < $1.id }
        clsID = try specialTokens.id(of: specialTokens.cls, in: vocabulary)
        sepID = try specialTokens.id(of: specialTokens.sep, in: vocabulary)
        unkID = try specialTokens.id(of: specialTokens.unk, in: vocabulary)
        padID = vocabulary.id(of: specialTokens.pad) ?? 0
        maskID = vocabulary.id(of: specialTokens.mask)
        engine = NormaliserEngine(normaliser)
        splitter = WordSplitter(
            vocabulary: vocabulary, continuation: continuationPrefix, unknown: unkID, maximumScalars: maximumWordScalars
        )
        literalTokens = AddedTokenMatcher(added.filter { !$0.isNormalised }) { $0.content }
        normalisedTokens = AddedTokenMatcher(added.filter(\.isNormalised)) { normaliser.normalise($0.content) }
    }

    /// The tokens of a text, no special tokens around them.
    package func tokenize(_ text: String) -> TokenizedText {
        tokenize(text, scratch: TokenizerScratch())
    }

    /// The tokens of a text; `scratch` keeps the memory of one call for the next.
    package func tokenize(_ text: String, scratch: TokenizerScratch) -> TokenizedText {
        var text = text
        let sink = scratch.sink
        sink.reset()
        text.withUTF8 { bytes in
            guard let start = bytes.baseAddress else { return }
            literalTokens.forEachPart(start, 0..<bytes.count) { part in
                if let token = part.token {
                    let (first, last) = (part.range.lowerBound, part.range.upperBound)
                    sink.append(added: token, Int32(truncatingIfNeeded: first)..<Int32(truncatingIfNeeded: last))
                } else {
                    engine.normalise(bytes, part.range, into: scratch.text)
                    splitNormalised(scratch.text, into: sink)
                }
            }
        }
        return sink.tokens()
    }

    private func splitNormalised(_ text: NormalisedText, into sink: TokenSink) {
        if normalisedTokens.isEmpty { return splitter.split(text, 0..<text.count, into: sink) }
        normalisedTokens.forEachPart(UnsafePointer(text.bytes), 0..<text.count) { part in
            if let token = part.token {
                sink.append(added: token, text.source(part.range.lowerBound, part.range.upperBound))
            } else {
                splitter.split(text, part.range, into: sink)
            }
        }
    }
}

/// Working memory of `Tokenizer.tokenize`; use one from one thread at a time.
package final class TokenizerScratch {
    let text = NormalisedText()
    let sink = TokenSink()

    /// Makes an empty one.
    package init() {}
}
