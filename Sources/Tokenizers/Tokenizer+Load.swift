import Files

extension Tokenizer {
    /// Reads the tokenizer of a model folder: `tokenizer.json` if it is there, else `vocab.txt` with the settings of
    /// `tokenizer_config.json` (an uncased model's without that file).
    ///
    /// - Throws: `TokenizerError` naming the file: nothing to read, not a WordPiece tokenizer, a vocabulary with duplicates, gaps
    ///   or without `[UNK]`, `[CLS]`, `[SEP]`, or a `vocab.txt` of another size than `tokenizer.json`.
    package init(directory: String) throws(TokenizerError) {
        let config = try TokenizerConfig(path: directory + "/tokenizer_config.json")
        let vocabularyFile = try ModelFiles.mapIfPresent(directory + "/vocab.txt")
        let tokenizerPath = directory + "/tokenizer.json"
        if try ModelFiles.mapIfPresent(tokenizerPath) != nil {
            try self.init(TokenizerFile(path: tokenizerPath), config, beside: vocabularyFile)
        } else if let vocabularyFile {
            try self.init(lines: vocabularyFile, config)
        } else {
            throw TokenizerError(
                .missing,
                "\(directory): there is neither tokenizer.json nor vocab.txt; --model takes the folder of a Hugging Face BERT model"
            )
        }
    }

    private init(
        _ file: TokenizerFile, _ config: TokenizerConfig, beside vocabularyFile: MappedFile?
    ) throws(TokenizerError) {
        let normaliser = try file.normaliserSettings()
        try file.checkPreTokeniser()
        var special = config.specialTokens
        special.unk = file.unknown
        if let (cls, sep) = try file.template() { (special.cls, special.sep) = (cls, sep) }
        let added = try file.addedTokenList()
        let vocabulary = try named(file.path) { () throws(TokenizerError) in
            try Self.vocabulary(file.orderedTokens(), added: added)
        }
        if let vocabularyFile {
            let lines = try ModelFiles.vocabularyLines(vocabularyFile).count
            guard lines == vocabulary.pieceCount || lines == vocabulary.count else {
                throw TokenizerError(
                    .vocabulary,
                    "\(vocabularyFile.path) has \(lines) tokens and \(file.path) has \(vocabulary.pieceCount): they belong to "
                        + "different models; remove the one that does not belong here")
            }
        }
        self = try named(file.path) { () throws(TokenizerError) in
            try Tokenizer(
                vocabulary: vocabulary, normaliser: normaliser, specialTokens: special, addedTokens: added,
                continuationPrefix: file.continuationPrefix, maximumWordScalars: file.maximumWordScalars)
        }
    }

    private init(lines file: MappedFile, _ config: TokenizerConfig) throws(TokenizerError) {
        self = try named(file.path) { () throws(TokenizerError) in
            let vocabulary = try Self.vocabulary(ModelFiles.vocabularyLines(file), added: config.addedTokens)
            var added = config.addedTokens
            let known = Set(added.map(\.id))
            added += config.specialTokens.added(to: vocabulary).filter { !known.contains($0.id) }
            return try Tokenizer(
                vocabulary: vocabulary, normaliser: config.normaliser, specialTokens: config.specialTokens,
                addedTokens: added)
        }
    }

    /// The model's tokens and the added ones; those of `added` that the model has must have the same id there.
    private static func vocabulary(_ pieces: PieceStorage, added: [AddedToken]) throws(TokenizerError) -> Vocabulary {
        let outside = added.filter { Int($0.id) >= pieces.count }
        let vocabulary = try Vocabulary(pieces: pieces, added: outside)
        for token in added {
            guard let id = vocabulary.id(of: token.content), id == token.id else {
                let found = vocabulary.id(of: token.content).map { "has id \($0) in" } ?? "is not in"
                throw TokenizerError(
                    .vocabulary, "the added token \"\(token.content)\" with id \(token.id) \(found) the vocabulary")
            }
        }
        return vocabulary
    }
}

/// Runs `body` and puts the file's name before the message of its error.
private func named<T>(_ path: String, _ body: () throws(TokenizerError) -> T) throws(TokenizerError) -> T {
    do {
        return try body()
    } catch {
        if error.message.utf8.starts(with: path.utf8) { throw error }
        throw TokenizerError(error.kind, "\(path): \(error.message)")
    }
}
