import Files
import StrictJSON

extension Tokenizer {
    /// Reads the tokenizer of a model folder as transformers 5.23 does, and notes in `warnings` what contradicts
    /// itself.
    ///
    /// Read are `tokenizer.json`, or where it is not there what the model's kind has instead (`vocab.txt`, `vocab.json`
    /// with `merges.txt`, `sentencepiece.bpe.model`), `tokenizer_config.json`, `special_tokens_map.json`,
    /// `added_tokens.json`, and of `config.json` the `model_type` and `tokenizer_class`.
    ///
    /// - Throws: `TokenizerError` naming the file and the setting: nothing to read, an algorithm or a part of it that
    ///   BertQA does not have, one that needs another program, a vocabulary without the tokens that rows are made with.
    public init(directory: String) throws(TokenizerError) {
        self = try TokenizerFolder(path: directory).tokenizer()
    }
}

/// The files of a model folder that decide how its texts become tokens.
///
/// - Source: `_from_pretrained` of transformers 5.23 (`src/transformers/tokenization_utils_base.py`),
///   `TokenizersBackend` (`tokenization_utils_tokenizers.py`) and the classes of `TokenizerClass`
///   (`models/*/tokenization_*.py`).
struct TokenizerFolder {
    let path: String
    let config: TokenizerConfig
    /// `tokenizer.json`
    let file: TokenizerFile?
    /// `vocab.txt`
    let vocabularyFile: MappedFile?
    /// `special_tokens_map.json`
    let roleMap: (path: String, members: JSONObject)?
    /// `added_tokens.json`
    let addedFile: (path: String, tokens: [(content: String, id: Int)])?
    let tokenizerClass: TokenizerClass
    /// The name of the class without `Fast`, if a file names one of `BertTokenizer`'s.
    private let className: String?
    /// Whether the model has segments, as far as its type and its tokenizer's class tell.
    private let takesSegments: Bool
    private(set) var warnings: [String] = []

    /// Reads the files.
    init(path: String) throws(TokenizerError) {
        self.path = path
        config = try TokenizerConfig(path: path + "/tokenizer_config.json")
        let named = config["fast_tokenizer_files"].map(TokenizerFile.current) ?? "tokenizer.json"
        file = try TokenizerFile(path: path + "/" + named)
        vocabularyFile = try ModelFiles.mapIfPresent(path + "/vocab.txt")
        let mapPath = path + "/special_tokens_map.json"
        roleMap = try ModelFiles.object(mapPath).map { (mapPath, $0) }
        addedFile = try Self.addedTokens(path + "/added_tokens.json")
        let modelPath = path + "/config.json"
        let model = try ModelFiles.object(modelPath).map { (path: modelPath, members: $0) }
        var warnings: [String] = []
        tokenizerClass = try TokenizerClass.of(config, model: model, hasFile: file != nil) { warnings.append($0) }
        className = TokenizerClass.bertName(try config.text("tokenizer_class"))
        takesSegments =
            (tokenizerClass == .bert || tokenizerClass == .file) && className != "DistilBertTokenizer"
            && model?.members["model_type"]?.string != "distilbert"
        self.warnings = warnings
        guard file != nil || tokenizerClass.vocabularyFiles != ["vocab.txt"] || vocabularyFile != nil else {
            throw TokenizerError(
                .missing,
                "\(path): there is neither tokenizer.json nor vocab.txt; expected the folder of a Hugging Face model")
        }
    }

    private static func addedTokens(
        _ path: String
    ) throws(TokenizerError) -> (path: String, tokens: [(content: String, id: Int)])? {
        guard let members = try ModelFiles.object(path) else { return nil }
        var tokens: [(content: String, id: Int)] = []
        for (content, value) in members {
            guard let id = value.int else {
                throw TokenizerError(.malformed, "\(path): the id of \"\(content)\" is not a whole number")
            }
            tokens.append((content, id))
        }
        return (path, tokens)
    }

    /// Whether `tokenizer.json` counts as it stands, not only its vocabulary and added tokens.
    private var readsFileAsItStands: Bool { tokenizerClass == .file && file != nil }

    /// The file that the vocabulary comes from.
    var vocabularyPath: String { file?.path ?? "\(path)/\(tokenizerClass.vocabularyFiles[0])" }

    /// The tokenizer of the folder, with `warnings`.
    func tokenizer() throws(TokenizerError) -> Tokenizer {
        do {
            return try makeTokenizer()
        } catch {
            guard error.kind == .vocabulary else { throw error }
            throw TokenizerError(.vocabulary, "\(vocabularyPath): \(error.message)")
        }
    }

    private func makeTokenizer() throws(TokenizerError) -> Tokenizer {
        var notes = FolderNotes(warnings)
        var roles = try config.roles()
        if config.decoder == nil, let roleMap { try roles.merge(roleMap.members, path: roleMap.path, isMap: true) }
        if !readsFileAsItStands { roles.fillIn(tokenizerClass) }
        let base = try base(&roles)
        let isUnigram = try base.algorithm(path: vocabularyPath) == .unigram
        var vocabulary = try Vocabulary(pieces: base.model.pieces, ids: base.model.ids, isUnigram: isUnigram)
        notes.check(vocabulary, path: vocabularyPath, isLines: file == nil && tokenizerClass == .bert)
        let sections = try sections(base, roles, vocabulary)
        let ownProcessor = readsFileAsItStands ? try PostProcessor(sections.postProcessor, path: vocabularyPath) : nil
        let special = try specialTokens(roles, ownProcessor?.template, sections.model)

        vocabulary.add(listedTokens(roles))
        let listedCount = vocabulary.count
        _ = try special.require(special.cls, vocabulary.id(of: special.cls))
        _ = try special.require(special.sep, vocabulary.id(of: special.sep))
        // A role's token that is nowhere yet is added behind all others, where the model has no row for it.
        for token in roles.tokens + roles.extra where vocabulary.added.id(of: token.content) == nil {
            vocabulary.add([token])
        }
        let processor: PostProcessor
        if let ownProcessor { processor = ownProcessor } else { processor = try classProcessor(special, vocabulary) }
        try processor.template?.checkIDs(in: vocabulary)
        var tokenizer = try Tokenizer(
            TokenizerParts(
                sections, processor, vocabulary: vocabulary, specialTokens: special,
                splitsSpecialTokens: try config.flag("split_special_tokens") ?? false, path: vocabularyPath))
        tokenizer.listedCount = listedCount
        tokenizer.origin = origin(roles)
        try notes.check(self, against: tokenizer)
        tokenizer.warnings = notes.warnings
        return tokenizer
    }

    // MARK: What the class makes of the files

    /// The sections of `tokenizer.json`, or a model section of the files that are there instead.
    private func base(_ roles: inout TokenRoles) throws(TokenizerError) -> TokenizerSections {
        if let file {
            _ = try file.sections.algorithm(path: file.path)
            return file.sections
        }
        switch tokenizerClass {
        case .bert, .file:
            guard let vocabularyFile else { throw TokenizerError(.missing, "\(path): there is no vocab.txt") }
            let pieces = try ModelFiles.vocabularyLines(vocabularyFile)
            return TokenizerSections(
                model: ModelSection(.wordPiece, pieces: pieces, ids: Array(0..<Int32(pieces.count))))
        case .roberta:
            guard let files = try BytePairFiles(folder: path) else {
                throw TokenizerError(
                    .missing,
                    "\(path): there is neither tokenizer.json nor vocab.json with merges.txt; expected the folder of a "
                        + "RoBERTa model")
            }
            return TokenizerSections(
                model: ModelSection(.bytePair, pieces: files.pieces, ids: files.ids, merges: files.merges))
        case .xlmRoberta, .camembert: return try sentencePiece(&roles)
        }
    }

    private func sentencePiece(_ roles: inout TokenRoles) throws(TokenizerError) -> TokenizerSections {
        guard let model = try SentencePieceModel(path: vocabularyPath) else {
            throw TokenizerError(
                .missing, "\(path): there is neither tokenizer.json nor \(tokenizerClass.vocabularyFiles[0])")
        }
        let parts =
            tokenizerClass == .camembert
            ? try model.camembert(
                pad: required("pad_token", roles), unk: required("unk_token", roles),
                mask: required("mask_token", roles))
            : try model.xlmRoberta(
                bos: required("bos_token", roles), pad: required("pad_token", roles),
                eos: required("eos_token", roles), unk: required("unk_token", roles),
                mask: required("mask_token", roles))
        roles.setExtra(parts.addedTokens)
        return TokenizerSections(
            normaliser: parts.normaliser,
            model: ModelSection(
                .unigram, pieces: parts.pieces, ids: Array(0..<Int32(parts.pieces.count)), scores: parts.scores))
    }

    /// What the tokenizer does: as the file says, or as the class builds it.
    private func sections(
        _ base: TokenizerSections, _ roles: TokenRoles, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> TokenizerSections {
        try tokenizerClass.checkAlgorithm(of: base.model, path: vocabularyPath)
        switch tokenizerClass {
        case .file where file != nil: return base
        case .bert, .file:
            return .bert(base.model, try config.normaliser(), unknown: try required("unk_token", roles))
        case .roberta:
            return .roberta(base.model, addsPrefixSpace: try config.flag("add_prefix_space") ?? false)
        case .xlmRoberta, .camembert:
            let unknown = try required("unk_token", roles)
            return .sentencePiece(
                base.model, normaliser: base.precompiled,
                addsPrefixSpace: try config.flag("add_prefix_space") ?? true,
                unknown: tokenizerClass == .camembert ? Int(vocabulary.pieceID(of: unknown) ?? 0) : 3)
        }
    }

    /// What the class puts around texts.
    private func classProcessor(
        _ special: SpecialTokens, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> PostProcessor {
        let cls = (special.cls, try special.require(special.cls, vocabulary.id(of: special.cls)))
        let sep = (special.sep, try special.require(special.sep, vocabulary.id(of: special.sep)))
        if tokenizerClass == .bert || tokenizerClass == .file { return PostProcessor(.bert(cls: cls, sep: sep)) }
        guard tokenizerClass == .roberta, try config.flag("trim_offsets") ?? true else {
            return PostProcessor(.roberta(cls: cls, sep: sep))
        }
        return PostProcessor(
            .roberta(cls: cls, sep: sep),
            trimming: .init(addsPrefixSpace: try config.flag("add_prefix_space") ?? false))
    }

    /// What is to be written when the tokenizer is saved.
    private func origin(_ roles: TokenRoles) -> TokenizerOrigin {
        var origin = TokenizerOrigin(tokenizerClass: tokenizerClass, className: className)
        for role in ["bos_token", "eos_token"] {
            if let token = roles.token(role) { origin.kept.append((role, .string(token.content))) }
        }
        if tokenizerClass == .camembert {
            origin.kept.append(("extra_special_tokens", .array(roles.extra.map { .string($0.content) })))
        }
        if let names = config["model_input_names"] {
            origin.kept.append(("model_input_names", names))
        } else if !takesSegments {
            origin.kept.append(("model_input_names", ["input_ids", "attention_mask"]))
        }
        return origin
    }

    /// The spellings of the roles.
    private func specialTokens(
        _ roles: TokenRoles, _ template: PairTemplate?, _ model: ModelSection
    ) throws(TokenizerError) -> SpecialTokens {
        var special = SpecialTokens()
        if readsFileAsItStands {
            guard let template else {
                throw PostProcessor.missing(vocabularyPath)
            }
            (special.cls, special.sep) = template.roles
            // A byte-level vocabulary spells everything: there need not be a token for what it cannot spell.
            special.unk = model.unknown ?? roles.token("unk_token")?.content ?? special.sep
        } else {
            special.unk = try required("unk_token", roles)
            special.cls = try required(tokenizerClass.ends.first, roles)
            special.sep = try required(tokenizerClass.ends.last, roles)
        }
        special.pad = roles.token("pad_token")?.content ?? special.pad
        special.mask = roles.token("mask_token")?.content ?? special.mask
        return special
    }

    private func required(_ role: String, _ roles: TokenRoles) throws(TokenizerError) -> String {
        guard let token = roles.token(role) else {
            throw TokenizerError(.unsupported, "\(config.path): \(role) is null; the tokenizer needs it")
        }
        return token.content
    }

    /// The added tokens that the files list, in the order in which transformers adds them.
    private func listedTokens(_ roles: TokenRoles) -> [AddedToken] {
        // Where there is an added_tokens_decoder, the lists of other files do not count.
        var listed = config.decoder ?? []
        if config.decoder == nil {
            let special = Set(roles.marking.map { ExactString($0.content) })
            listed = (addedFile?.tokens ?? []).map { content, id in
                let isSpecial = special.contains(ExactString(content))
                return ListedToken(id: id, token: AddedToken(content, isNormalised: !isSpecial, isSpecial: isSpecial))
            }
            listed += file?.addedTokens ?? []
        }
        let first = readsFileAsItStands ? file?.addedTokens.map(\.token) ?? [] : []
        let known = Set(first)
        let named = Set(roles.tokens.map { ExactString($0.content) })
        var tokens = first
        tokens.reserveCapacity(first.count + listed.count)
        for token in Self.lastByID(listed) where !known.contains(token) {
            tokens.append(token)
            if !token.isSpecial && named.contains(ExactString(token.content)) {
                tokens[tokens.count - 1].isSpecial = true
            }
        }
        return tokens
    }

    /// The tokens in the order of their ids, of those with one id the last.
    private static func lastByID(_ listed: [ListedToken]) -> [AddedToken] {
        let sorted = listed.enumerated().sorted { ($0.element.id, $0.offset) < ($1.element.id, $1.offset) }.map(
            \.element)
        return sorted.indices.filter { $0 + 1 == sorted.count || sorted[$0].id != sorted[$0 + 1].id }.map {
            sorted[$0].token
        }
    }
}
