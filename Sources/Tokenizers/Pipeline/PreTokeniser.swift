/// How text is cut into words before the algorithm sees them.
enum PreTokeniser: Sendable {
    /// The algorithm finds the words itself, in one pass with everything else.
    case ownWords(Words)
    /// In this order; none leaves the text as one word.
    case steps([any PreTokeniserStep])

    /// Whether the vocabulary spells bytes: text goes through `ByteLevel`.
    var isByteLevel: Bool {
        switch self {
        case .ownWords(.byteLevel): true
        case .ownWords: false
        case .steps(let steps): steps.contains { $0 is ByteLevelStep }
        }
    }

    /// The words that an algorithm finds itself.
    enum Words: Sendable, Hashable {
        /// WordPiece: `BertPreTokenizer`.
        case bert
        /// Byte-level BPE: `ByteLevel`.
        case byteLevel(ByteLevelSettings)
        /// Unigram: `Metaspace`, with `WhitespaceSplit` before it or without.
        case metaspace(MetaspaceSettings)

        /// Whether a space is put before a text.
        var putsSpace: Bool {
            switch self {
            case .bert: false
            case .byteLevel(let settings): settings.addsPrefixSpace
            case .metaspace(let settings): settings.scheme != .never
            }
        }
    }
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
