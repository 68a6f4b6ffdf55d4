/// A token that is looked for in the text as a whole, before words are split: `[MASK]` and its like.
public struct AddedToken: Sendable, Hashable {
    /// Its id.
    public var id: Int32
    /// How it is spelled.
    public var content: String
    /// Found only where it does not touch a letter, digit or underscore.
    public var singleWord: Bool
    /// Takes the white space before it.
    public var stripsLeft: Bool
    /// Takes the white space behind it.
    public var stripsRight: Bool
    /// Looked for, normalised, in the normalised text; otherwise as it stands in the text as it stands.
    public var isNormalised: Bool
    /// Left out when decoding without special tokens.
    public var isSpecial: Bool

    /// Makes an added token; the defaults are those of `[CLS]`.
    public init(
        id: Int32, content: String, singleWord: Bool = false, stripsLeft: Bool = false, stripsRight: Bool = false,
        isNormalised: Bool = false, isSpecial: Bool = true
    ) {
        self.id = id
        self.content = content
        self.singleWord = singleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isNormalised = isNormalised
        self.isSpecial = isSpecial
    }
}
