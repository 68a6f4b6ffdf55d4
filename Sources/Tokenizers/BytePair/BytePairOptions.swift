import StrictJSON

/// How a byte pair encoding treats what its merges do not say.
struct BytePairOptions: Sendable, Hashable {
    /// The token of characters that the vocabulary lacks; `nil`: they are left out.
    var unknown: String?
    /// What pieces that are not at the beginning of a word begin with.
    var continuingPrefix = ""
    /// What pieces at the end of a word end with.
    var wordSuffix = ""
    /// Whether unknown characters that follow one another are one token.
    var fusesUnknown = false
    /// Whether the bytes of an unknown character become tokens `<0x0A>`, if the vocabulary has all of them.
    var fallsBackToBytes = false
    /// Whether a word that the vocabulary holds is that token, whatever the merges make of it.
    var ignoresMerges = false
    /// Whether the vocabulary spells bytes in the letters of `ByteAlphabet`, not characters.
    var isByteLevel = true
}

extension BytePairOptions {
    /// The options in the model section of a `tokenizer.json`.
    ///
    /// - Throws: `TokenizerError` naming the member: `.malformed` for another kind of value, `.unsupported` for
    ///   dropout, which makes encodings random.
    init(_ section: [String: JSONValue], isByteLevel: Bool) throws(TokenizerError) {
        self.isByteLevel = isByteLevel
        unknown = try Self.text(section, "unk_token")
        continuingPrefix = try Self.text(section, "continuing_subword_prefix") ?? ""
        wordSuffix = try Self.text(section, "end_of_word_suffix") ?? ""
        fusesUnknown = try Self.flag(section, "fuse_unk")
        fallsBackToBytes = try Self.flag(section, "byte_fallback")
        ignoresMerges = try Self.flag(section, "ignore_merges")
        guard let dropout = section["dropout"], dropout != .null else { return }
        guard let share = dropout.double else {
            throw TokenizerError(.malformed, "the model's dropout must be a number or null")
        }
        guard share == 0 else {
            throw TokenizerError(
                .unsupported,
                "the model has a dropout of \(share), which makes its tokens random; set it to null in the file")
        }
    }

    private static func text(_ section: [String: JSONValue], _ key: String) throws(TokenizerError) -> String? {
        guard let value = section[key], value != .null else { return nil }
        guard let text = value.string else {
            throw TokenizerError(.malformed, "the model's \(key) must be a text or null")
        }
        return text
    }

    private static func flag(_ section: [String: JSONValue], _ key: String) throws(TokenizerError) -> Bool {
        guard let value = section[key], value != .null else { return false }
        guard let flag = value.bool else {
            throw TokenizerError(.malformed, "the model's \(key) must be true or false")
        }
        return flag
    }
}
