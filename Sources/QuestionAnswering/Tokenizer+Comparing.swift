import Tokenizers

extension Tokenizer {
    /// Why this tokenizer makes other tokens than another one; nil if it makes the same. It compares the tokens with
    /// their ids, the special tokens around a pair, and the tokens of a text with everything that tokenizers treat
    /// differently.
    package func difference(from other: Tokenizer) -> String? {
        let (own, theirs) = (vocabulary.count, other.vocabulary.count)
        for id in 0..<Int32(max(own, theirs)) where vocabulary[id] != other.vocabulary[id] {
            return "the token \(id) is \(spelling(id)) in one and \(other.spelling(id)) in the other"
        }
        if template.pairIDs != other.template.pairIDs {
            return "they put different special tokens around a question and its text"
        }
        let (tokens, otherTokens) = (tokenize(Self.sample), other.tokenize(Self.sample))
        if tokens.ids == otherTokens.ids, tokens.offsets == otherTokens.offsets { return nil }
        return "they split texts differently, for example in capitals, accents or white space"
    }

    private func spelling(_ id: Int32) -> String { vocabulary[id].map { "\"\($0)\"" } ?? "missing" }

    /// Capitals, accents composed and not, ideographs, controls, white space, punctuation, digits, and special tokens.
    private static let sample =
        "The Ångström, e\u{301}t\u{E9}; NAÏVE\u{200B}\u{AD}\u{7F} 東京タワー\t3,14\u{A0}km² don't "
        + "[MASK] <mask> ﬁn ½ straße\u{1F600} (x)--y...\r\n I'll  İstanbul Ελληνικά привет"
}

extension PairTemplate {
    /// The ids around a pair: models with one segment differ in nothing else.
    fileprivate var pairIDs: [[Int32]] { [head, middle, tail].map { $0.map(\.id) } }
}
