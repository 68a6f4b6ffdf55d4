import Files
import StrictJSON

extension Tokenizer {
    /// Writes `vocab.txt`, `tokenizer.json` and `tokenizer_config.json` as transformers reads them.
    ///
    /// The folder has to be there: one that was removed while a run writes into it does not come back with half of its
    /// files.
    /// - Parameters:
    ///   - directory: the folder.
    ///   - maximumLength: the longest input of the model, noted for transformers.
    /// - Throws: `TokenizerError` (`.inputOutput`) naming the file.
    public func save(to directory: String, maximumLength: Int = 512) throws(TokenizerError) {
        try write(vocabularyLines(), to: directory + "/vocab.txt")
        try write(tokenizerJSON().serialized(pretty: true) + "\n", to: directory + "/tokenizer.json")
        try write(
            configJSON(maximumLength).serialized(pretty: true) + "\n", to: directory + "/tokenizer_config.json")
    }

    /// The tokens in the order of their ids. An id that has no token, or one that a line cannot hold, has the line of a
    /// later token: of equal lines the last counts.
    private func vocabularyLines() -> String {
        var lines: [String] = []
        var later = specialTokens.unk
        for id in stride(from: Int32(vocabulary.pieceEnd) - 1, through: 0, by: -1) {
            if let place = vocabulary.pieceOwner(id), vocabulary.isLine(place) { later = vocabulary.pieces[place] }
            lines.append(later)
        }
        return lines.reversed().map { $0 + "\n" }.joined()
    }

    private func write(_ text: String, to path: String) throws(TokenizerError) {
        do {
            try DurableFiles.write(text, to: path)
        } catch {
            throw TokenizerError(.inputOutput, "\(error.whileWriting(path))")
        }
    }

    /// The settings of BERT's normaliser.
    private var settings: Normaliser { normaliser.bertSettings ?? Normaliser() }

    private func tokenizerJSON() -> JSONValue {
        object([
            ("version", .string("1.0")), ("truncation", .null), ("padding", .null),
            ("added_tokens", .array(addedTokens.map { entry($0.id, $0.token) })),
            (
                "normalizer",
                object([
                    ("type", .string("BertNormalizer")), ("clean_text", .bool(settings.cleanText)),
                    ("handle_chinese_chars", .bool(settings.spacesChineseCharacters)),
                    ("strip_accents", settings.stripsAccents.map(JSONValue.bool) ?? .null),
                    ("lowercase", .bool(settings.lowercases)),
                ])
            ),
            ("pre_tokenizer", object([("type", .string("BertPreTokenizer"))])),
            ("post_processor", templateJSON()),
            (
                "decoder",
                object([
                    ("type", .string("WordPiece")), ("prefix", .string(continuationPrefix)), ("cleanup", .bool(true)),
                ])
            ),
            (
                "model",
                object([
                    ("type", .string("WordPiece")), ("unk_token", .string(specialTokens.unk)),
                    ("continuing_subword_prefix", .string(continuationPrefix)),
                    ("max_input_chars_per_word", .int(maximumWordScalars)),
                    ("vocab", object(vocabulary.placesInUse.map(member))),
                ])
            ),
        ])
    }

    private func member(_ place: Int) -> (String, JSONValue) {
        (vocabulary.pieces[place], .int(Int(vocabulary.pieceIDs[place])))
    }

    private func entry(_ id: Int32, _ token: AddedToken) -> JSONValue {
        object([
            ("id", .int(Int(id))), ("content", .string(token.content)), ("single_word", .bool(token.singleWord)),
            ("lstrip", .bool(token.stripsLeft)), ("rstrip", .bool(token.stripsRight)),
            ("normalized", .bool(token.isNormalised)), ("special", .bool(token.isSpecial)),
        ])
    }

    private func templateJSON() -> JSONValue {
        let special = { (token: String, type: Int) in
            object([("SpecialToken", object([("id", .string(token)), ("type_id", .int(type))]))])
        }
        let text = { (name: String, type: Int) in
            object([("Sequence", object([("id", .string(name)), ("type_id", .int(type))]))])
        }
        let known = { (token: String, id: Int32) in
            object([("id", .string(token)), ("ids", .array([.int(Int(id))])), ("tokens", .array([.string(token)]))])
        }
        let (cls, sep) = (specialTokens.cls, specialTokens.sep)
        let single = [special(cls, 0), text("A", 0), special(sep, 0)]
        return object([
            ("type", .string("TemplateProcessing")), ("single", .array(single)),
            ("pair", .array(single + [text("B", Int(secondType)), special(sep, Int(secondType))])),
            ("special_tokens", object([(cls, known(cls, clsID)), (sep, known(sep, sepID))])),
        ])
    }

    /// `BertTokenizer` where transformers builds the same one from `tokenizer_config.json`; else the class that reads
    /// `tokenizer.json` as it stands.
    private var savedClass: String {
        // A token of a role that the vocabulary lacks is one that BertTokenizer would add behind the model's
        // embeddings.
        let hasRoles = [specialTokens.mask, specialTokens.pad].allSatisfy { vocabulary.id(of: $0) != nil }
        let isBert =
            settings.cleanText && continuationPrefix == "##" && maximumWordScalars == 100 && secondType == 1
            && hasRoles
        return isBert ? "BertTokenizer" : "PreTrainedTokenizerFast"
    }

    private func configJSON(_ maximumLength: Int) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("backend", .string("tokenizers")), ("cls_token", .string(specialTokens.cls)),
            ("do_lower_case", .bool(settings.lowercases)), ("model_max_length", .int(maximumLength)),
            ("sep_token", .string(specialTokens.sep)),
            ("strip_accents", settings.stripsAccents.map(JSONValue.bool) ?? .null),
            ("tokenize_chinese_chars", .bool(settings.spacesChineseCharacters)),
            ("tokenizer_class", .string(savedClass)), ("unk_token", .string(specialTokens.unk)),
        ]
        // Here as well, transformers would add a token that the vocabulary lacks.
        for (key, token) in [("mask_token", specialTokens.mask), ("pad_token", specialTokens.pad)]
        where vocabulary.id(of: token) != nil {
            members.append((key, .string(token)))
        }
        if splitsSpecialTokens { members.append(("split_special_tokens", .bool(true))) }
        return object(members)
    }
}

private func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }
