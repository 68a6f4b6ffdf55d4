import StrictJSON

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Tokenizer {
    /// Writes `vocab.txt`, `tokenizer.json` and `tokenizer_config.json` as transformers reads them.
    ///
    /// The folder has to be there: one that was removed while a run writes into it does not come back with half of its files.
    /// - Parameter maximumLength: the longest input of the model, noted for transformers.
    /// - Throws: `TokenizerError` (`.inputOutput`) naming the file.
    package func save(to directory: String, maximumLength: Int = 512) throws(TokenizerError) {
        let pieces = (0..<Int32(vocabulary.pieceCount)).compactMap { vocabulary[$0] }
        try write(pieces.map { $0 + "\n" }.joined(), to: directory + "/vocab.txt")
        try write(tokenizerJSON(pieces).serialized(pretty: true) + "\n", to: directory + "/tokenizer.json")
        try write(
            configJSON(maximumLength).serialized(pretty: true) + "\n", to: directory + "/tokenizer_config.json")
    }

    private func write(_ text: String, to path: String) throws(TokenizerError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            throw TokenizerError(.inputOutput, "\(path): it cannot be written: \(error)")
        }
    }

    private func tokenizerJSON(_ pieces: [String]) -> JSONValue {
        object([
            ("version", .string("1.0")), ("truncation", .null), ("padding", .null),
            ("added_tokens", .array(addedTokens.map(entry))),
            (
                "normalizer",
                object([
                    ("type", .string("BertNormalizer")), ("clean_text", .bool(normaliser.cleanText)),
                    ("handle_chinese_chars", .bool(normaliser.spacesChineseCharacters)),
                    ("strip_accents", normaliser.stripsAccents.map(JSONValue.bool) ?? .null),
                    ("lowercase", .bool(normaliser.lowercases)),
                ])
            ),
            ("pre_tokenizer", object([("type", .string("BertPreTokenizer"))])),
            ("post_processor", template()),
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
                    ("vocab", object(pieces.enumerated().map { ($1, .int($0)) })),
                ])
            ),
        ])
    }

    private func entry(_ token: AddedToken) -> JSONValue {
        object([
            ("id", .int(Int(token.id))), ("content", .string(token.content)), ("single_word", .bool(token.singleWord)),
            ("lstrip", .bool(token.stripsLeft)), ("rstrip", .bool(token.stripsRight)),
            ("normalized", .bool(token.isNormalised)), ("special", .bool(token.isSpecial)),
        ])
    }

    private func template() -> JSONValue {
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
            ("pair", .array(single + [text("B", 1), special(sep, 1)])),
            ("special_tokens", object([(cls, known(cls, clsID)), (sep, known(sep, sepID))])),
        ])
    }

    private func configJSON(_ maximumLength: Int) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("backend", .string("tokenizers")), ("cls_token", .string(specialTokens.cls)),
            ("do_lower_case", .bool(normaliser.lowercases)), ("model_max_length", .int(maximumLength)),
            ("sep_token", .string(specialTokens.sep)),
            ("strip_accents", normaliser.stripsAccents.map(JSONValue.bool) ?? .null),
            ("tokenize_chinese_chars", .bool(normaliser.spacesChineseCharacters)),
            ("tokenizer_class", .string("BertTokenizer")), ("unk_token", .string(specialTokens.unk)),
        ]
        // A token named here that the vocabulary lacks would be added to it by transformers, beyond the model's embeddings.
        for (key, token) in [("mask_token", specialTokens.mask), ("pad_token", specialTokens.pad)]
        where vocabulary.id(of: token) != nil {
            members.append((key, .string(token)))
        }
        return object(members)
    }
}

private func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }
