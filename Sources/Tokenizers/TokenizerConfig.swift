import StrictJSON

/// The contents of a `tokenizer_config.json`; everything in it may be missing.
///
/// `never_split` is not among them: the reference library has no such setting and does not look at it either.
struct TokenizerConfig {
    var normaliser = Normaliser()
    var specialTokens = SpecialTokens()
    /// By id, where transformers before 5 wrote them.
    var addedTokens: [AddedToken] = []

    /// Reads the file; a missing one gives the defaults.
    init(path: String) throws(TokenizerError) {
        guard let value = try ModelFiles.json(path) else { return }
        guard let object = value.object else {
            throw TokenizerError(.malformed, "\(path): expected an object with the tokenizer's settings")
        }
        normaliser.lowercases = object["do_lower_case"]?.bool ?? true
        normaliser.spacesChineseCharacters = object["tokenize_chinese_chars"]?.bool ?? true
        normaliser.stripsAccents = object["strip_accents"]?.bool
        let spelling = { (key: String) in object[key]?.string ?? object[key]?["content"]?.string }
        specialTokens.cls = spelling("cls_token") ?? specialTokens.cls
        specialTokens.sep = spelling("sep_token") ?? specialTokens.sep
        specialTokens.pad = spelling("pad_token") ?? specialTokens.pad
        specialTokens.unk = spelling("unk_token") ?? specialTokens.unk
        specialTokens.mask = spelling("mask_token") ?? specialTokens.mask
        for (key, entry) in object["added_tokens_decoder"]?.object ?? JSONObject([]) {
            guard let id = Int32(key), let token = AddedToken(id: id, entry) else {
                throw TokenizerError(.malformed, "\(path): the entry \"\(key)\" of added_tokens_decoder is no token")
            }
            addedTokens.append(token)
        }
    }
}
