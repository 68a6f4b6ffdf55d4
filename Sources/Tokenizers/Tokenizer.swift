/// A model's tokenizer: text to token ids with positions and back, equal to the `tokenizers` library's.
///
/// A text goes through these parts: added tokens are found in it, what lies between them is normalised, cut into words
/// by the pre-tokenizer, and split into tokens by the algorithm; the template puts special tokens around it.
public struct Tokenizer: Sendable {
    /// The tokens and their ids, added ones included.
    package private(set) var vocabulary: Vocabulary
    /// What it was made of, to be saved.
    let sections: TokenizerSections
    var origin = TokenizerOrigin()
    /// What happens to a text before it is split.
    let normaliser: TextNormaliser
    /// The tokens with a role.
    public let specialTokens: SpecialTokens
    /// WordPiece: what pieces inside a word begin with in the vocabulary; empty for other algorithms.
    public var continuationPrefix: String { splitter.wordPiece?.prefix ?? "" }
    /// WordPiece: words of more Unicode scalars are unknown. Other algorithms have no limit.
    public var maximumWordScalars: Int { splitter.wordPiece?.maximumScalars ?? .max }
    /// Whether special tokens that stand in a text are split like words; `split_special_tokens` of transformers.
    public let splitsSpecialTokens: Bool
    /// The tokens around one text and around a pair.
    package private(set) var template: PairTemplate
    /// The segment of a pair's second text: 1, or 0 for a model that has only one.
    public var secondType: Int32 {
        get { template.secondType }
        set { template.setSecondType(newValue) }
    }
    /// The id of `[CLS]`, the first token of every input.
    public let clsID: Int32
    /// The id of `[SEP]`, behind each text.
    public let sepID: Int32
    /// The id of `[UNK]`, for what the vocabulary cannot spell; that of `[SEP]` where the tokenizer has no such token.
    public let unkID: Int32
    /// What is unusual about the files that the tokenizer was read from, a sentence each: files that contradict each
    /// other, settings that have no effect. Whoever loads a tokenizer shows them to the user.
    public internal(set) var warnings: [String] = []

    /// One more than the highest id that the vocabulary and the lists of added tokens name. Tokens from there on are
    /// those of roles and settings that are in neither: a model has no rows for them.
    public internal(set) var listedCount: Int

    let decoder: TokenDecoder
    let trimming: OffsetTrimming?
    let splitter: Splitter
    let preTokeniser: PreTokeniser
    private var literalTokens: AddedTokenMatcher
    private var normalisedTokens: AddedTokenMatcher

    /// The tokens that are looked for in the text as a whole, by id.
    package var addedTokens: [(id: Int32, token: AddedToken)] { vocabulary.added.sorted.map { ($0.id, $0.token) } }

    /// The id of `[MASK]`, if the vocabulary has it.
    public var maskID: Int32? { vocabulary.id(of: specialTokens.mask) }

    /// Makes a WordPiece tokenizer as `BertTokenizer` is one.
    ///
    /// - Parameters:
    ///   - vocabulary: must hold the `[UNK]` of `specialTokens`, and with `addedTokens` their `[CLS]` and `[SEP]`.
    ///   - addedTokens: get ids as `Vocabulary.add` does; `nil`: the special tokens that the vocabulary holds.
    ///   - maximumWordScalars: words of more Unicode scalars, after normalisation, are unknown.
    ///   - splitsSpecialTokens: whether special tokens that stand in a text are split like words.
    /// - Throws: `TokenizerError` (`.vocabulary`) naming the token that is missing.
    package init(
        vocabulary: Vocabulary, normaliser: Normaliser = Normaliser(), specialTokens: SpecialTokens = SpecialTokens(),
        addedTokens: [AddedToken]? = nil, continuationPrefix: String = "##", maximumWordScalars: Int = 100,
        splitsSpecialTokens: Bool = false
    ) throws(TokenizerError) {
        var vocabulary = vocabulary
        vocabulary.add(addedTokens ?? specialTokens.added(to: vocabulary))
        let model = ModelSection(.wordPiece, pieces: vocabulary.pieces, ids: vocabulary.pieceIDs)
        let sections = TokenizerSections.wordPiece(
            model, normaliser, unknown: specialTokens.unk, prefix: continuationPrefix,
            maximumWordScalars: maximumWordScalars)
        let cls = try specialTokens.require(specialTokens.cls, vocabulary.id(of: specialTokens.cls))
        let sep = try specialTokens.require(specialTokens.sep, vocabulary.id(of: specialTokens.sep))
        try self.init(
            TokenizerParts(
                sections, PostProcessor(.bert(cls: (specialTokens.cls, cls), sep: (specialTokens.sep, sep))),
                vocabulary: vocabulary, specialTokens: specialTokens, splitsSpecialTokens: splitsSpecialTokens,
                path: ""))
    }

    /// Makes a tokenizer of its parts.
    ///
    /// - Throws: `TokenizerError` (`.vocabulary`) naming a token with a role that is missing.
    init(_ parts: TokenizerParts) throws(TokenizerError) {
        let (vocabulary, special) = (parts.vocabulary, parts.specialTokens)
        self.vocabulary = vocabulary
        specialTokens = special
        sections = parts.sections
        normaliser = parts.normaliser
        preTokeniser = parts.preTokeniser
        splitter = parts.splitter
        template = parts.template
        trimming = parts.trimming
        decoder = parts.decoder
        splitsSpecialTokens = parts.splitsSpecialTokens
        listedCount = vocabulary.count
        clsID = try special.require(special.cls, vocabulary.id(of: special.cls))
        sepID = try special.require(special.sep, vocabulary.id(of: special.sep))
        unkID = try special.require(special.unk, vocabulary.id(of: special.unk))
        (literalTokens, normalisedTokens) = try Self.matchers(vocabulary, normaliser, splitsSpecialTokens)
    }

    private static func matchers(
        _ vocabulary: Vocabulary, _ normaliser: TextNormaliser, _ splitsSpecial: Bool
    ) throws(TokenizerError) -> (literal: AddedTokenMatcher, normalised: AddedTokenMatcher) {
        var patterns = vocabulary.added.patterns(normalised: true)
        let scratch = TokenizerScratch()
        for index in patterns.indices {
            patterns[index].spelling = normaliser.normalise(patterns[index].spelling, using: scratch)
        }
        return (
            try AddedTokenMatcher(vocabulary.added.patterns(normalised: false), passesOverSpecial: splitsSpecial),
            try AddedTokenMatcher(patterns, passesOverSpecial: splitsSpecial)
        )
    }

    /// This tokenizer without the added tokens whose ids are `limit` or more: they are words like others then.
    ///
    /// - Throws: `TokenizerError` (`.vocabulary`) if the `[CLS]` or `[SEP]` is among them.
    public func withoutAddedTokens(from limit: Int) throws(TokenizerError) -> Tokenizer {
        var copy = self
        copy.vocabulary.removeAdded(from: Int32(clamping: limit))
        (copy.literalTokens, copy.normalisedTokens) = try Self.matchers(
            copy.vocabulary, normaliser, splitsSpecialTokens)
        _ = try specialTokens.require(specialTokens.cls, copy.vocabulary.id(of: specialTokens.cls))
        _ = try specialTokens.require(specialTokens.sep, copy.vocabulary.id(of: specialTokens.sep))
        return copy
    }

    /// The tokens of a text, no special tokens around them.
    public func tokenize(_ text: String) -> TokenizedText {
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
                    splitNormalised(normaliser.normalise(bytes, part.range, using: scratch), scratch)
                }
            }
            trimming?.trim(sink, of: bytes)
        }
        return sink.tokens()
    }

    private func splitNormalised(_ text: NormalisedText, _ scratch: TokenizerScratch) {
        if normalisedTokens.isEmpty { return splitWords(text, 0..<text.count, scratch) }
        normalisedTokens.forEachPart(UnsafePointer(text.bytes), 0..<text.count) { part in
            if let token = part.token {
                scratch.sink.append(added: token, text.source(part.range.lowerBound, part.range.upperBound))
            } else {
                splitWords(text, part.range, scratch)
            }
        }
    }

    @inline(__always)
    private func splitWords(_ text: NormalisedText, _ range: Range<Int>, _ scratch: TokenizerScratch) {
        switch preTokeniser {
        case .ownWords: splitter.split(text, range, into: scratch.sink)
        case .steps(let steps):
            let list = scratch.words
            list.begin(text, range)
            for step in steps { step.apply(to: list) }
            for word in list.words {
                splitter.split(word: word, of: list.text, into: scratch.sink)
                scratch.sink.endWord()
            }
        }
    }
}
