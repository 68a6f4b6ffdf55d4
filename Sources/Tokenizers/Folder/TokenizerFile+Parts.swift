import StrictJSON

extension TokenizerFile {
    /// The `normalizer` section: null, a `BertNormalizer`, a `Lowercase`, or a sequence of them that is one
    /// `Normaliser`.
    func normaliserSettings() throws(TokenizerError) -> Normaliser {
        var settings = Normaliser(
            cleanText: false, spacesChineseCharacters: false, stripsAccents: false, lowercases: false)
        var isFirst = true
        for part in Self.flattened(normaliser, "normalizers") {
            switch part["type"]?.string {
            case "BertNormalizer" where isFirst:
                settings = Normaliser(
                    cleanText: try flag(part, "clean_text") ?? true,
                    spacesChineseCharacters: try flag(part, "handle_chinese_chars") ?? true,
                    stripsAccents: try flag(part, "strip_accents"), lowercases: try flag(part, "lowercase") ?? true)
            case "Lowercase":
                settings.stripsAccents = settings.stripsAccents ?? settings.lowercases
                settings.lowercases = true
            default: throw unsupported("normalizer", normaliser, "BertNormalizer")
            }
            isFirst = false
        }
        return settings
    }

    private func flag(_ section: JSONValue, _ key: String) throws(TokenizerError) -> Bool? {
        guard let value = section[key], value != .null else { return nil }
        guard let flag = value.bool else {
            throw TokenizerError(.malformed, "\(path): \(key) of its normalizer must be true or false")
        }
        return flag
    }

    /// Checks that words are split as BERT splits them.
    func checkPreTokeniser() throws(TokenizerError) {
        let parts = Self.flattened(preTokeniser, "pretokenizers")
        guard parts.count == 1, parts[0]["type"]?.string == "BertPreTokenizer" else {
            throw unsupported("pre_tokenizer", preTokeniser, "BertPreTokenizer")
        }
    }

    /// The tokens around the texts, from the `post_processor` section; nil if there is none.
    ///
    /// - Throws: `TokenizerError` (`.unsupported`) for anything but `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.
    func template() throws(TokenizerError) -> ListedTemplate? {
        let sections = Self.flattened(postProcessor, "processors")
        guard let section = sections.first else { return nil }
        guard sections.count == 1 else { throw unsupported("post_processor", postProcessor, "TemplateProcessing") }
        if section["type"]?.string == "BertProcessing" {
            let (cls, sep) = (section["cls"]?.array ?? [], section["sep"]?.array ?? [])
            guard cls.count == 2, sep.count == 2, let first = cls[0].string, let last = sep[0].string else {
                throw unsupportedTemplate()
            }
            return ListedTemplate(cls: first, clsID: cls[1].int, sep: last, sepID: sep[1].int, secondType: 1)
        }
        guard section["type"]?.string == "TemplateProcessing" else {
            throw unsupported("post_processor", postProcessor, "TemplateProcessing or BertProcessing")
        }
        return try template(section)
    }

    private func template(_ section: JSONValue) throws(TokenizerError) -> ListedTemplate {
        let single = try steps(section["single"])
        let pair = try steps(section["pair"])
        guard single.count == 3, let cls = single.first?.name, let sep = single.last?.name,
            let second = pair.last?.type, second == 0 || second == 1,
            single == [Step(name: cls, type: 0), Step(name: nil, type: 0), Step(name: sep, type: 0)],
            pair == single + [Step(name: nil, type: second), Step(name: sep, type: second)]
        else { throw unsupportedTemplate() }
        let ids = section["special_tokens"]
        // A name in the template may stand for several tokens, or for another one.
        for name in [cls, sep] {
            guard let tokens = ids?[name]?["tokens"]?.array else { continue }
            guard tokens == [.string(name)] else { throw unsupportedTemplate() }
        }
        return ListedTemplate(
            cls: cls, clsID: ids?[cls]?["ids"]?.array?.first?.int, sep: sep,
            sepID: ids?[sep]?["ids"]?.array?.first?.int, secondType: Int32(second))
    }

    /// One step of a template; without a name it is a text.
    private struct Step: Equatable {
        let name: String?
        let type: Int
    }

    private func steps(_ list: JSONValue?) throws(TokenizerError) -> [Step] {
        var steps: [Step] = []
        for step in list?.array ?? [] {
            if let special = step["SpecialToken"], let name = special["id"]?.string, let type = special["type_id"]?.int
            {
                steps.append(Step(name: name, type: type))
            } else if let text = step["Sequence"], let type = text["type_id"]?.int,
                text["id"]?.string == (steps.count < 3 ? "A" : "B")
            {
                steps.append(Step(name: nil, type: type))
            } else {
                throw unsupportedTemplate()
            }
        }
        return steps
    }

    /// A section and those inside its sequences, one after the other; none for null.
    private static func flattened(_ section: JSONValue?, _ key: String) -> [JSONValue] {
        guard let section, section != .null else { return [] }
        guard section["type"]?.string == "Sequence", let parts = section[key]?.array else { return [section] }
        return parts.flatMap { flattened($0, key) }
    }

    private func unsupportedTemplate() -> TokenizerError {
        TokenizerError(
            .unsupported, "\(path): its post_processor does not build \"[CLS] A [SEP] B [SEP]\" as BERT's does")
    }

    private func unsupported(_ name: String, _ section: JSONValue?, _ expected: String) -> TokenizerError {
        TokenizerError(
            .unsupported, "\(path): its \(name) is \(Self.describe(section)); BertQA needs \(expected)")
    }

    /// The type of a section, with those inside a sequence.
    static func describe(_ section: JSONValue?) -> String {
        guard let type = section?["type"]?.string else { return "none" }
        let parts = ["normalizers", "pretokenizers", "processors"].compactMap { section?[$0]?.array }.first ?? []
        return parts.isEmpty ? type : "\(type) of \(parts.map { describe($0) }.joined(separator: ", "))"
    }
}

/// What a `post_processor` puts around the texts.
struct ListedTemplate {
    let cls: String
    /// The id that the file names; nil if it names none.
    let clsID: Int?
    let sep: String
    let sepID: Int?
    /// The segment of the second text.
    let secondType: Int32
}
