/// The parts that a tokenizer is made of.
struct TokenizerParts {
    /// With its added tokens.
    var vocabulary: Vocabulary
    var normaliser: TextNormaliser
    var preTokeniser = PreTokeniser.ownWords(.bert)
    var splitter: Splitter
    var template: PairTemplate
    /// Byte-level BPE: takes white space out of the offsets.
    var trimming: OffsetTrimming?
    var decoder = TokenDecoder.none
    var specialTokens: SpecialTokens
    /// What the parts were read from, to be saved.
    var sections = TokenizerSections()
    var splitsSpecialTokens = false
}

extension TokenizerParts {
    /// The parts that the sections of a `tokenizer.json` describe.
    ///
    /// - Parameters:
    ///   - vocabulary: with its added tokens.
    ///   - path: the file that errors name.
    /// - Throws: `TokenizerError`: `.vocabulary` naming a token that is missing, `.unsupported` for a part that BertQA
    ///   does not have.
    init(
        _ sections: TokenizerSections, _ processor: PostProcessor, vocabulary: Vocabulary,
        specialTokens: SpecialTokens, splitsSpecialTokens: Bool, path: String
    ) throws(TokenizerError) {
        guard let template = processor.template else { throw PostProcessor.missing(path) }
        let preTokeniser = try PreTokeniser(
            sections.preTokeniser, for: sections.algorithm(path: path), path: path)
        self.init(
            vocabulary: vocabulary, normaliser: try TextNormaliser(sections.normaliser, path: path),
            preTokeniser: preTokeniser,
            splitter: try Splitter(sections.model, vocabulary, preTokeniser, path: path), template: template,
            trimming: processor.trimming.map {
                OffsetTrimming(vocabulary: vocabulary, addsPrefixSpace: $0.addsPrefixSpace)
            },
            decoder: try TokenDecoder(sections.decoder, path: path), specialTokens: specialTokens, sections: sections,
            splitsSpecialTokens: splitsSpecialTokens)
    }
}
