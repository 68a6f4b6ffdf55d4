/// A token that is looked for in the text as a whole, before words are split: `[MASK]` and its like.
package struct AddedToken: Sendable, Hashable {
    /// Its id.
    package var id: Int32
    /// How it is spelled.
    package var content: String
    /// Found only where it does not touch a letter, digit or underscore.
    package var singleWord: Bool
    /// Takes the white space before it.
    package var stripsLeft: Bool
    /// Takes the white space behind it.
    package var stripsRight: Bool
    /// Looked for, normalised, in the normalised text; otherwise as it stands in the text as it stands.
    package var isNormalised: Bool
    /// Left out when decoding without special tokens.
    package var isSpecial: Bool

    /// Makes an added token; the defaults are those of `[CLS]`.
    package init(
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
