/// How text is cut into words before the algorithm sees them.
enum PreTokeniser: Sendable {
    /// The algorithm finds the words itself: `BertPreTokenizer` for WordPiece, `ByteLevel` for byte-level BPE,
    /// `WhitespaceSplit` and `Metaspace` for Unigram.
    case ownWords
}

/// The settings of a `ByteLevel` pre-tokenizer, of RoBERTa and GPT-2.
struct ByteLevelSettings: Sendable, Hashable {
    /// Puts a space before a text, or a part of it between added tokens, that does not begin with one.
    var addsPrefixSpace = true
    /// Cuts words as GPT-2's regular expression does; otherwise everything is one word.
    var splitsWords = true
}

/// The settings of a `Metaspace` pre-tokenizer, of the sentencepiece models.
struct MetaspaceSettings: Sendable, Hashable {
    /// Where a space is put before the text.
    enum PrependScheme: String, Sendable {
        /// Before each word or part of the text that the pre-tokenizer gets.
        case always
        /// Before the beginning of the text only.
        case first
        case never
    }

    /// What stands for a space.
    var replacement: Unicode.Scalar = "\u{2581}"
    var scheme = PrependScheme.always
    /// Whether words are cut before each replacement.
    var splitsWords = true
    /// Whether `WhitespaceSplit` comes before it, as in XLM-RoBERTa: white space separates words and is dropped.
    var dropsWhiteSpace = false
}
