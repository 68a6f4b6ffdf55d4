import StrictJSON

/// A token that is looked for in the text as a whole, before words are split: `[MASK]` and its like.
package struct AddedToken: Sendable, Hashable {
    /// How it is spelled.
    package var content: String
    /// Found only where it does not touch a letter, digit or underscore.
    package var singleWord: Bool
    /// Includes the white space before it.
    package var stripsLeft: Bool
    /// Includes the white space behind it.
    package var stripsRight: Bool
    /// Looked for, normalised, in the normalised text; otherwise as it stands in the text as it stands.
    package var isNormalised: Bool
    /// Left out when decoding without special tokens.
    package var isSpecial: Bool

    /// Makes an added token; the defaults are those of `[CLS]`.
    package init(
        _ content: String, singleWord: Bool = false, stripsLeft: Bool = false, stripsRight: Bool = false,
        isNormalised: Bool = false, isSpecial: Bool = true
    ) {
        self.content = content
        self.singleWord = singleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isNormalised = isNormalised
        self.isSpecial = isSpecial
    }

    /// Whether both are the same in every byte and every flag.
    package static func == (left: AddedToken, right: AddedToken) -> Bool {
        left.singleWord == right.singleWord && left.stripsLeft == right.stripsLeft
            && left.stripsRight == right.stripsRight && left.isNormalised == right.isNormalised
            && left.isSpecial == right.isSpecial && left.content.utf8.elementsEqual(right.content.utf8)
    }

    /// Hashes the bytes of the spelling.
    package func hash(into hasher: inout Hasher) { ExactString(content).hash(into: &hasher) }
}
