import Files
import StrictJSON

extension Tokenizer {
    /// Writes `tokenizer.json` and `tokenizer_config.json`, and for WordPiece `vocab.txt`, as transformers reads them.
    ///
    /// The folder has to be there: one that was removed while a run writes into it does not come back with half of its
    /// files.
    /// - Parameters:
    ///   - directory: the folder.
    ///   - maximumLength: the longest input of the model, noted for transformers.
    /// - Throws: `TokenizerError` (`.inputOutput`) naming the file.
    public func save(to directory: String, maximumLength: Int = 512) throws(TokenizerError) {
        if splitter.wordPiece != nil { try write(vocabularyLines(), to: directory + "/vocab.txt") }
        try write(tokenizerJSON.serialized(pretty: true) + "\n", to: directory + "/tokenizer.json")
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

    private var tokenizerJSON: JSONValue {
        [
            "version": "1.0", "truncation": nil, "padding": nil,
            "added_tokens": .array(addedTokens.map { $0.token.json(id: $0.id) }),
            "normalizer": sections.normaliser ?? .null, "pre_tokenizer": sections.preTokeniser ?? .null,
            "post_processor": PostProcessor(
                template, trimming: trimming.map { .init(addsPrefixSpace: $0.addsPrefixSpace) }
            ).json,
            "decoder": sections.decoder ?? .null, "model": sections.model.json(vocabulary),
        ]
    }

    /// The class that transformers is to read the files with: the one that they were read with where it builds the same
    /// tokenizer of them, else the one that reads `tokenizer.json` as it stands.
    private var savedClass: String {
        // A token of a role that the vocabulary lacks is one that the class would add behind the model's embeddings.
        let hasRoles = [specialTokens.mask, specialTokens.pad].allSatisfy { vocabulary.id(of: $0) != nil }
        switch origin.tokenizerClass {
        case .bert, .file:
            return hasRoles && isBert ? origin.className ?? TokenizerClass.bert.name : TokenizerClass.file.name
        case .roberta, .xlmRoberta, .camembert:
            return hasRoles ? origin.tokenizerClass.name : TokenizerClass.file.name
        }
    }

    /// Whether `BertTokenizer` builds the same tokenizer.
    private var isBert: Bool {
        let decoder: JSONValue = ["type": "WordPiece", "prefix": "##", "cleanup": true]
        guard normaliser.bertSettings?.cleanText == true, sections.preTokeniser == ["type": "BertPreTokenizer"],
            sections.decoder == decoder
        else { return false }
        let bert = PairTemplate.bert(cls: (specialTokens.cls, clsID), sep: (specialTokens.sep, sepID))
        return continuationPrefix == "##" && maximumWordScalars == 100 && template == bert && trimming == nil
    }

    private func configJSON(_ maximumLength: Int) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("backend", "tokenizers"), ("cls_token", .string(specialTokens.cls)),
            ("model_max_length", .int(maximumLength)), ("sep_token", .string(specialTokens.sep)),
            ("tokenizer_class", .string(savedClass)), ("unk_token", .string(specialTokens.unk)),
        ]
        if let settings = normaliser.bertSettings {
            members += [
                ("do_lower_case", .bool(settings.lowercases)),
                ("strip_accents", settings.stripsAccents.map(JSONValue.bool) ?? .null),
                ("tokenize_chinese_chars", .bool(settings.spacesChineseCharacters)),
            ]
        }
        if [.roberta, .xlmRoberta, .camembert].contains(origin.tokenizerClass),
            case .ownWords(let words) = preTokeniser
        {
            members.append(("add_prefix_space", .bool(words.putsSpace)))
        }
        if origin.tokenizerClass == .roberta { members.append(("trim_offsets", .bool(trimming != nil))) }
        // Here as well, transformers would add a token that the vocabulary lacks.
        for (key, token) in [("mask_token", specialTokens.mask), ("pad_token", specialTokens.pad)]
        where vocabulary.added.id(of: token) != nil {
            members.append((key, .string(token)))
        }
        if splitsSpecialTokens { members.append(("split_special_tokens", true)) }
        members += origin.kept
        return .object(JSONObject(members.sorted { $0.0 < $1.0 }))
    }
}

extension AddedToken {
    /// An entry of `added_tokens`.
    fileprivate func json(id: Int32) -> JSONValue {
        [
            "id": .int(Int(id)), "content": .string(content), "single_word": .bool(singleWord),
            "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight), "normalized": .bool(isNormalised),
            "special": .bool(isSpecial),
        ]
    }
}

extension ModelSection {
    /// The section as the library reads it.
    fileprivate func json(_ vocabulary: Vocabulary) -> JSONValue {
        var members: [(String, JSONValue)] = [("type", .string(algorithmName ?? ""))]
        members += settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        if scores.isEmpty {
            let places = vocabulary.placesInUse
            members.append(("vocab", .object(JSONObject(places.map { (pieces[$0], .int(Int(ids[$0]))) }))))
        } else {
            members.append(("vocab", .array(pieces.indices.map { [.string(pieces[$0]), .double(scores[$0])] })))
        }
        if algorithmName == Algorithm.bytePair.rawValue {
            let pairs = stride(from: 0, to: merges.count, by: 2).map { place -> JSONValue in
                [.string(merges[place]), .string(merges[place + 1])]
            }
            members.append(("merges", .array(pairs)))
        }
        return .object(JSONObject(members))
    }
}

/// What is to be known of the folder that a tokenizer was read from when it is saved.
struct TokenizerOrigin: Sendable {
    var tokenizerClass = TokenizerClass.bert
    /// The class's own name, where it is one of `BertTokenizer`'s.
    var className: String?
    /// Members of `tokenizer_config.json` that are written as they were.
    var kept: [(String, JSONValue)] = []
}
