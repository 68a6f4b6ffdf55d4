import StrictJSON

extension TokenizerFile {
    /// The `normalizer` section, which must be a `BertNormalizer` or null.
    func normaliserSettings() throws(TokenizerError) -> Normaliser {
        guard let section = normaliser, section != .null else {
            return Normaliser(cleanText: false, spacesChineseCharacters: false, stripsAccents: false, lowercases: false)
        }
        try require(section, "normalizer", "BertNormalizer")
        return Normaliser(
            cleanText: section["clean_text"]?.bool ?? true,
            spacesChineseCharacters: section["handle_chinese_chars"]?.bool ?? true,
            stripsAccents: section["strip_accents"]?.bool,
            lowercases: section["lowercase"]?.bool ?? true)
    }

    /// Checks that words are split as BERT splits them.
    func checkPreTokeniser() throws(TokenizerError) {
        try require(preTokeniser ?? .null, "pre_tokenizer", "BertPreTokenizer")
    }

    /// The tokens around the texts, from the `post_processor` section: `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.
    func template() throws(TokenizerError) -> (cls: String, sep: String)? {
        guard let section = postProcessor, section != .null else { return nil }
        if section["type"]?.string == "BertProcessing" {
            guard let cls = section["cls"]?.array?.first?.string, let sep = section["sep"]?.array?.first?.string else {
                throw unsupportedTemplate()
            }
            return (cls, sep)
        }
        try require(section, "post_processor", "TemplateProcessing")
        let single = try parts(section["single"])
        let pair = try parts(section["pair"])
        guard single.count == 3, let cls = single.first?.name, let sep = single.last?.name,
            single == [Part(name: cls, type: 0), Part(name: nil, type: 0), Part(name: sep, type: 0)],
            pair == single + [Part(name: nil, type: 1), Part(name: sep, type: 1)]
        else { throw unsupportedTemplate() }
        return (cls, sep)
    }

    /// The `added_tokens` section.
    func addedTokenList() throws(TokenizerError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        for entry in addedTokens?.array ?? [] {
            guard let id = entry["id"]?.int.flatMap(Int32.init(exactly:)), let token = AddedToken(id: id, entry) else {
                throw TokenizerError(.malformed, "\(path): an entry of added_tokens has no content or no id")
            }
            tokens.append(token)
        }
        return tokens
    }

    /// One step of a template; without a name it is a text.
    private struct Part: Equatable {
        let name: String?
        let type: Int
    }

    private func parts(_ list: JSONValue?) throws(TokenizerError) -> [Part] {
        var parts: [Part] = []
        for step in list?.array ?? [] {
            if let special = step["SpecialToken"], let name = special["id"]?.string, let type = special["type_id"]?.int
            {
                parts.append(Part(name: name, type: type))
            } else if let type = step["Sequence"]?["type_id"]?.int {
                parts.append(Part(name: nil, type: type))
            } else {
                throw unsupportedTemplate()
            }
        }
        return parts
    }

    private func unsupportedTemplate() -> TokenizerError {
        TokenizerError(
            .unsupported, "\(path): its post_processor does not build \"[CLS] A [SEP] B [SEP]\" as BERT's does")
    }

    private func require(_ section: JSONValue, _ name: String, _ type: String) throws(TokenizerError) {
        guard section["type"]?.string == type else {
            let found = section["type"]?.string ?? "none"
            throw TokenizerError(.unsupported, "\(path): its \(name) is \(found); BertQA needs \(type)")
        }
    }
}

extension AddedToken {
    /// From an entry of `added_tokens` or `added_tokens_decoder`.
    init?(id: Int32, _ entry: JSONValue) {
        guard let content = entry["content"]?.string else { return nil }
        self.init(
            id: id, content: content, singleWord: entry["single_word"]?.bool ?? false,
            stripsLeft: entry["lstrip"]?.bool ?? false, stripsRight: entry["rstrip"]?.bool ?? false,
            isNormalised: entry["normalized"]?.bool ?? true, isSpecial: entry["special"]?.bool ?? false)
    }
}
