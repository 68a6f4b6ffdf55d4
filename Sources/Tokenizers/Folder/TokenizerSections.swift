import StrictJSON

/// What a tokenizer does, as the sections of a `tokenizer.json` say it; what stands around texts is a `PostProcessor`.
struct TokenizerSections: Sendable {
    var normaliser: JSONValue?
    var preTokeniser: JSONValue?
    var postProcessor: JSONValue?
    var decoder: JSONValue?
    var model = ModelSection()

    /// The algorithm.
    ///
    /// - Throws: `TokenizerError` (`.unsupported`) for one that BertQA does not have.
    func algorithm(path: String) throws(TokenizerError) -> ModelSection.Algorithm {
        if let algorithm = model.algorithmName.flatMap(ModelSection.Algorithm.init) { return algorithm }
        let kind = model.algorithmName.map { "a \($0) model" } ?? "no model of a known type"
        throw TokenizerError(
            .unsupported, "\(path): this tokenizer.json holds \(kind); BertQA needs WordPiece, BPE or Unigram")
    }
}

// MARK: What the classes of transformers build

extension TokenizerSections {
    /// What `BertTokenizer` builds.
    static func bert(_ model: ModelSection, _ settings: Normaliser, unknown: String) -> TokenizerSections {
        wordPiece(model, settings, unknown: unknown, prefix: "##", maximumWordScalars: 100)
    }

    /// WordPiece behind BERT's normaliser and pre-tokenizer.
    static func wordPiece(
        _ model: ModelSection, _ settings: Normaliser, unknown: String, prefix: String, maximumWordScalars: Int
    ) -> TokenizerSections {
        TokenizerSections(
            normaliser: [
                "type": "BertNormalizer", "clean_text": .bool(settings.cleanText),
                "handle_chinese_chars": .bool(settings.spacesChineseCharacters),
                "strip_accents": settings.stripsAccents.map(JSONValue.bool) ?? .null,
                "lowercase": .bool(settings.lowercases),
            ],
            preTokeniser: ["type": "BertPreTokenizer"],
            decoder: ["type": "WordPiece", "prefix": .string(prefix), "cleanup": true],
            model: model.replacingSettings(
                .wordPiece,
                [
                    "unk_token": .string(unknown), "continuing_subword_prefix": .string(prefix),
                    "max_input_chars_per_word": .int(maximumWordScalars),
                ]))
    }

    /// What `RobertaTokenizer` builds.
    static func roberta(_ model: ModelSection, addsPrefixSpace: Bool) -> TokenizerSections {
        let byteLevel: (Bool) -> JSONValue = { space in
            ["type": "ByteLevel", "add_prefix_space": .bool(space), "trim_offsets": true, "use_regex": true]
        }
        return TokenizerSections(
            preTokeniser: byteLevel(addsPrefixSpace), decoder: byteLevel(true),
            model: model.replacingSettings(
                .bytePair,
                [
                    "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "", "end_of_word_suffix": "",
                    "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                ]))
    }

    /// What `XLMRobertaTokenizer` and `CamembertTokenizer` build.
    ///
    /// - Parameter normaliser: a `Precompiled`, or nil.
    static func sentencePiece(
        _ model: ModelSection, normaliser: JSONValue?, addsPrefixSpace: Bool, unknown: Int
    ) -> TokenizerSections {
        let metaspace: JSONValue = [
            "type": "Metaspace", "replacement": "\u{2581}",
            "prepend_scheme": .string(addsPrefixSpace ? "always" : "never"), "split": true,
        ]
        return TokenizerSections(
            normaliser: normaliser,
            preTokeniser: ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], metaspace]],
            decoder: metaspace,
            model: model.replacingSettings(.unigram, ["unk_id": .int(unknown), "byte_fallback": false]))
    }

    /// The first `Precompiled` normaliser of a file, which is all that those two classes take over of its normalizer.
    var precompiled: JSONValue? {
        normalisers.first { $0["type"]?.string == "Precompiled" && $0["precompiled_charsmap"] != nil }
    }

    private var normalisers: [JSONValue] {
        (normaliser?["normalizers"]?.array ?? [normaliser].compactMap(\.self)).filter { $0 != .null }
    }

    /// The normalisers without a `Replace` that joins spaces: before `WhitespaceSplit` it has no effect.
    var meaningfulNormalisers: [JSONValue] {
        let joins: JSONValue = ["type": "Replace", "pattern": ["Regex": " {2,}"], "content": " "]
        return normalisers.filter { $0 != joins }
    }
}
