import Files
import StrictJSON

extension Tokenizer {
    /// Reads the tokenizer of a model folder as transformers 5.23 does, and notes in `warnings` what contradicts
    /// itself.
    ///
    /// Read are `tokenizer.json`, or `vocab.txt` where it is not there, `tokenizer_config.json`,
    /// `special_tokens_map.json`, `added_tokens.json`, and of `config.json` the `model_type` and `tokenizer_class`.
    ///
    /// - Throws: `TokenizerError` naming the file and the setting: nothing to read, not a WordPiece tokenizer, one that
    ///   needs another program, a vocabulary without `[UNK]`, `[CLS]` or `[SEP]`.
    public init(directory: String) throws(TokenizerError) {
        self = try TokenizerFolder(path: directory).tokenizer()
    }
}

/// The files of a model folder that decide how its texts become tokens.
///
/// - Source: `_from_pretrained` of transformers 5.23 (`src/transformers/tokenization_utils_base.py`),
///   `TokenizersBackend` (`tokenization_utils_tokenizers.py`) and `BertTokenizer` (`models/bert/tokenization_bert.py`).
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
    private(set) var warnings: [String] = []

    /// Reads the files.
    init(path: String) throws(TokenizerError) {
        self.path = path
        config = try TokenizerConfig(path: path + "/tokenizer_config.json")
        let named = config["fast_tokenizer_files"].map(TokenizerFile.current) ?? "tokenizer.json"
        file = try TokenizerFile(path: path + "/" + named)
        vocabularyFile = try ModelFiles.mapIfPresent(path + "/vocab.txt")
        guard file != nil || vocabularyFile != nil else {
            throw TokenizerError(
                .missing,
                "\(path): there is neither tokenizer.json nor vocab.txt; expected the folder of a Hugging Face BERT "
                    + "model"
            )
        }
        let mapPath = path + "/special_tokens_map.json"
        roleMap = try ModelFiles.object(mapPath).map { (mapPath, $0) }
        addedFile = try Self.addedTokens(path + "/added_tokens.json")
        let modelPath = path + "/config.json"
        var warnings: [String] = []
        tokenizerClass = try TokenizerClass.of(
            config, model: try ModelFiles.object(modelPath).map { (modelPath, $0) }, hasFile: file != nil
        ) { warnings.append($0) }
        self.warnings = warnings
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
    var vocabularyPath: String { file?.path ?? path + "/vocab.txt" }

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
        var vocabulary = try baseVocabulary()
        notes.check(vocabulary, path: vocabularyPath, isLines: file == nil)
        var roles = try config.roles()
        if config.decoder == nil, let roleMap { try roles.merge(roleMap.members, path: roleMap.path, isMap: true) }
        let template = try file?.template()
        let special = try specialTokens(&roles, template, vocabulary)
        let normaliser = try readsFileAsItStands ? file?.normaliserSettings() : config.normaliser()
        if readsFileAsItStands { try file?.checkPreTokeniser() }

        vocabulary.add(listedTokens(roles))
        let listedCount = vocabulary.count
        _ = try special.require(special.cls, vocabulary.id(of: special.cls))
        _ = try special.require(special.sep, vocabulary.id(of: special.sep))
        // A role's token that is nowhere yet is added behind all others, where the model has no row for it.
        for token in roles.tokens + roles.extra where vocabulary.added.id(of: token.content) == nil {
            vocabulary.add([token])
        }
        var tokenizer = try Tokenizer(
            vocabulary: vocabulary, normaliser: normaliser ?? Normaliser(), specialTokens: special, addedTokens: [],
            continuationPrefix: readsFileAsItStands ? file?.continuationPrefix ?? "##" : "##",
            maximumWordScalars: readsFileAsItStands ? file?.maximumWordScalars ?? 100 : 100,
            splitsSpecialTokens: try config.flag("split_special_tokens") ?? false)
        tokenizer.listedCount = listedCount
        if readsFileAsItStands, let template {
            tokenizer.secondType = template.secondType
            try checkIDs(template, of: tokenizer)
        }
        try notes.check(self, against: tokenizer, template: template)
        tokenizer.warnings = notes.warnings
        return tokenizer
    }

    private func baseVocabulary() throws(TokenizerError) -> Vocabulary {
        if let file { return try Vocabulary(pieces: file.model.pieces, ids: file.model.ids) }
        guard let vocabularyFile else { throw TokenizerError(.missing, "\(path): there is no vocab.txt") }
        return try Vocabulary(pieces: ModelFiles.vocabularyLines(vocabularyFile))
    }

    /// The spellings of the roles; `roles` gets those that `BertTokenizer` has by itself.
    private func specialTokens(
        _ roles: inout TokenRoles, _ template: ListedTemplate?, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> SpecialTokens {
        var special = SpecialTokens()
        if let file, readsFileAsItStands {
            guard let template else {
                throw TokenizerError(
                    .unsupported, "\(file.path): it has no post_processor, so rows would have no [CLS] and no [SEP]")
            }
            (special.unk, special.cls, special.sep) = (file.unknown, template.cls, template.sep)
        } else {
            roles.fillIn(special)
            special.unk = try required("unk_token", roles)
            special.cls = try required("cls_token", roles)
            special.sep = try required("sep_token", roles)
        }
        special.pad = roles.token("pad_token")?.content ?? special.pad
        special.mask = roles.token("mask_token")?.content ?? special.mask
        return special
    }

    private func required(_ role: String, _ roles: TokenRoles) throws(TokenizerError) -> String {
        guard let token = roles.token(role) else {
            throw TokenizerError(.unsupported, "\(config.path): \(role) is null; a BERT tokenizer needs it")
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

    private func checkIDs(_ template: ListedTemplate, of tokenizer: Tokenizer) throws(TokenizerError) {
        for (token, id, own) in [
            (template.cls, template.clsID, tokenizer.clsID), (template.sep, template.sepID, tokenizer.sepID),
        ] where id.map({ $0 != Int(own) }) == true {
            throw TokenizerError(
                .vocabulary, "its post_processor has the id \(id ?? 0) for \(token), but the vocabulary has \(own)")
        }
    }
}
