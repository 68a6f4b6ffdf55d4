/// The spellings of the tokens with a role.
public struct SpecialTokens: Sendable, Hashable {
    /// Begins every input.
    public var cls: String
    /// Stands behind each text.
    public var sep: String
    /// Fills rows up to a length in other programs; here rows are not filled.
    public var pad: String
    /// Stands for words the vocabulary cannot spell.
    public var unk: String
    /// Hides a word in pretraining.
    public var mask: String

    /// Makes a set of spellings; the defaults are BERT's.
    public init(
        cls: String = "[CLS]", sep: String = "[SEP]", pad: String = "[PAD]", unk: String = "[UNK]",
        mask: String = "[MASK]"
    ) {
        self.cls = cls
        self.sep = sep
        self.pad = pad
        self.unk = unk
        self.mask = mask
    }

    /// - Throws: `TokenizerError` (`.vocabulary`) if there is no such token.
    func require(_ token: String, _ id: Int32?) throws(TokenizerError) -> Int32 {
        guard let id else {
            throw TokenizerError(
                .vocabulary,
                "the vocabulary has no \(token) token; a model for questions needs \(unk), \(cls) and \(sep)")
        }
        return id
    }

    /// Those of the five that the vocabulary holds, as tokens to look for in texts.
    func added(to vocabulary: Vocabulary) -> [AddedToken] {
        [pad, unk, cls, sep, mask].filter { vocabulary.id(of: $0) != nil }.map { AddedToken($0) }
    }
}
