import StrictJSON

/// The `post_processor` section of a `tokenizer.json`: what stands around the texts, and whether the positions of
/// tokens leave out the spaces that they begin and end with.
struct PostProcessor {
    /// nil if the section puts nothing around a text.
    private(set) var template: PairTemplate?
    /// nil if positions stay as they are.
    private(set) var trimming: SpaceTrimming?

    /// How spaces are left out of tokens' positions.
    struct SpaceTrimming: Sendable, Hashable {
        /// Whether the first token's only space is one that was put there.
        let addsPrefixSpace: Bool
    }

    /// What a class of transformers builds.
    init(_ template: PairTemplate, trimming: SpaceTrimming? = nil) {
        (self.template, self.trimming) = (template, trimming)
    }

    /// The `post_processor` section of a file.
    ///
    /// - Throws: `TokenizerError` naming the file: `.unsupported` for a part or a template that BertQA does not have.
    init(_ section: JSONValue?, path: String) throws(TokenizerError) {
        for part in try Section.parts(of: section, "post_processor", "processors", path: path) {
            let type = try part.type()
            switch type {
            case "ByteLevel": try trim(part)
            case "RobertaProcessing":
                try trim(part)
                try set(.roberta(cls: Self.special(part, "cls"), sep: Self.special(part, "sep")), part)
            case "BertProcessing":
                try set(.bert(cls: Self.special(part, "cls"), sep: Self.special(part, "sep")), part)
            case "TemplateProcessing": try set(Self.template(part), part)
            default: throw part.unsupported("the part \(type)")
            }
        }
    }

    /// That a file says nothing about what stands around texts.
    static func missing(_ path: String) -> TokenizerError {
        TokenizerError(.unsupported, "\(path): it has no post_processor, so rows would have no [CLS] and no [SEP]")
    }

    private mutating func trim(_ part: Section) throws(TokenizerError) {
        guard try part.flag("trim_offsets", or: true) else { return }
        trimming = SpaceTrimming(addsPrefixSpace: try part.flag("add_prefix_space", or: true))
    }

    private mutating func set(_ template: PairTemplate, _ part: Section) throws(TokenizerError) {
        guard self.template == nil else { throw part.unsupported("two parts that put tokens around a text") }
        self.template = template
    }

    /// A setting that is a token and its id.
    private static func special(_ part: Section, _ key: String) throws(TokenizerError) -> (String, Int32) {
        guard let pair = part.value[key]?.array, pair.count == 2, let token = pair[0].string, let id = pair[1].int,
            let id = Int32(exactly: id)
        else { throw part.malformed(key, "a token and its id") }
        return (token, id)
    }

    // MARK: TemplateProcessing

    /// The template of a `TemplateProcessing`: any tokens before, between and behind the texts.
    private static func template(_ part: Section) throws(TokenizerError) -> PairTemplate {
        let single = try steps(part, "single")
        let pair = try steps(part, "pair")
        let (texts, others) = (single.compactMap(\.text), pair.compactMap(\.text))
        guard texts.map(\.name) == ["A"], others.map(\.name) == ["A", "B"] else {
            throw part.unsupported("a template without one text A, or without one A and one B after it in a pair")
        }
        let parts = pair.split(omittingEmptySubsequences: false) { $0.text != nil }.map { $0.flatMap(\.special) }
        var template = PairTemplate(head: parts[0], middle: parts[1], tail: parts[2], secondType: others[1].type)
        template.firstType = others[0].type
        let around = single.split(omittingEmptySubsequences: false) { $0.text != nil }.map { $0.flatMap(\.special) }
        (template.singleHead, template.singleTail, template.singleType) = (around[0], around[1], texts[0].type)
        guard !template.head.isEmpty, !template.tail.isEmpty else {
            throw part.unsupported("a template without a token before the first text or after the last one of a pair")
        }
        return template
    }

    /// One step of a template: a text, or tokens.
    private struct Step {
        var text: (name: String, type: Int32)?
        var special: [PairTemplate.Special] = []
    }

    private static func steps(_ part: Section, _ key: String) throws(TokenizerError) -> [Step] {
        guard let list = part.value[key]?.array else { throw part.malformed(key, "a list of tokens and texts") }
        var steps: [Step] = []
        for entry in list {
            let value = entry["SpecialToken"] ?? entry["Sequence"]
            guard let name = value?["id"]?.string, let type = value?["type_id"]?.int, let type = Int32(exactly: type)
            else { throw part.malformed(key, "a list of tokens and texts") }
            if entry["Sequence"] != nil {
                steps.append(Step(text: (name, type)))
            } else {
                steps.append(Step(special: try tokens(part, name, type)))
            }
        }
        return steps
    }

    /// The tokens that a name of the template stands for.
    private static func tokens(
        _ part: Section, _ name: String, _ type: Int32
    ) throws(TokenizerError) -> [PairTemplate.Special] {
        guard let entry = part.value["special_tokens"]?[name] else {
            throw part.unsupported("the token \(name.debugDescription), but its special_tokens do not have it")
        }
        let (ids, spellings) = (entry["ids"]?.array ?? [], entry["tokens"]?.array ?? [])
        guard ids.count == spellings.count, !ids.isEmpty else {
            throw part.malformed("special_tokens", "an object of tokens with as many ids as spellings")
        }
        var tokens: [PairTemplate.Special] = []
        for (id, spelling) in zip(ids, spellings) {
            guard let token = spelling.string, let id = id.int, let id = Int32(exactly: id) else {
                throw part.malformed("special_tokens", "an object of tokens with as many ids as spellings")
            }
            tokens.append(PairTemplate.Special(token: token, id: id, type: type))
        }
        return tokens
    }
}

extension PostProcessor {
    /// The section as the library reads it.
    var json: JSONValue {
        guard let template else { return .null }
        guard let trimming else { return template.json }
        let (cls, sep) = (template.head.first, template.tail.last)
        if let cls, let sep, template == .roberta(cls: (cls.token, cls.id), sep: (sep.token, sep.id)) {
            return [
                "type": "RobertaProcessing", "sep": [.string(sep.token), .int(Int(sep.id))],
                "cls": [.string(cls.token), .int(Int(cls.id))], "trim_offsets": true,
                "add_prefix_space": .bool(trimming.addsPrefixSpace),
            ]
        }
        let byteLevel: JSONValue = [
            "type": "ByteLevel", "add_prefix_space": .bool(trimming.addsPrefixSpace), "trim_offsets": true,
            "use_regex": true,
        ]
        return ["type": "Sequence", "processors": [byteLevel, template.json]]
    }
}

extension PairTemplate {
    /// A `TemplateProcessing`.
    fileprivate var json: JSONValue {
        let special = { (list: [Special]) -> [JSONValue] in
            list.map { ["SpecialToken": ["id": .string($0.token), "type_id": .int(Int($0.type))]] }
        }
        let text = { (name: String, type: Int32) -> JSONValue in
            ["Sequence": ["id": .string(name), "type_id": .int(Int(type))]]
        }
        var known: [(String, JSONValue)] = []
        for token in tokens where !known.contains(where: { $0.0.utf8.elementsEqual(token.token.utf8) }) {
            known.append(
                (
                    token.token,
                    ["id": .string(token.token), "ids": [.int(Int(token.id))], "tokens": [.string(token.token)]]
                ))
        }
        let single = special(singleHead) + [text("A", singleType)] + special(singleTail)
        let first = special(head) + [text("A", firstType)] + special(middle)
        return [
            "type": "TemplateProcessing", "single": .array(single),
            "pair": .array(first + [text("B", secondType)] + special(tail)),
            "special_tokens": .object(JSONObject(known)),
        ]
    }
}
