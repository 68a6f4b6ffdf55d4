import Files
import StrictJSON

/// What several files of a folder say about the same thing.
extension FolderNotes {
    // MARK: Sections of tokenizer.json

    /// What a `tokenizer.json` says that the class of the folder does otherwise.
    mutating func checkSections(of file: TokenizerFile, _ folder: TokenizerFolder, _ tokenizer: Tokenizer) {
        let (own, used) = (file.sections, tokenizer.sections)
        let name = folder.tokenizerClass.name
        if folder.tokenizerClass == .bert {
            checkBert(file, folder.config, tokenizer)
        } else {
            if own.meaningfulNormalisers != [used.normaliser].compactMap(\.self) {
                noteOther(file, "normalizer", Section.describe(own.normaliser), Section.describe(used.normaliser), name)
            }
            checkWords(file, folder.config, used, name)
        }
        guard let processor = try? PostProcessor(own.postProcessor, path: file.path) else {
            return noteOther(file, "post_processor", Section.describe(own.postProcessor), "another one", name)
        }
        if let template = processor.template { checkTemplate(file, template, tokenizer.template, name) }
    }

    private mutating func checkBert(_ file: TokenizerFile, _ config: TokenizerConfig, _ tokenizer: Tokenizer) {
        guard let settings = tokenizer.normaliser.bertSettings else { return }
        let own = file.sections
        if let listed = try? TextNormaliser(own.normaliser, path: file.path).bertSettings {
            for (name, key, theirs, ours) in Self.compared(listed, settings) where theirs != ours {
                let said = config[key] == nil ? "does not say \(key), which is then \(ours)" : "says \(key): \(ours)"
                note(
                    "\(file.path) says \(name): \(theirs), but \(config.path) \(said); the latter is used, as in "
                        + "transformers")
            }
            if !listed.cleanText { noteOther(file, "clean_text", "false", "true", "BertTokenizer") }
        } else {
            let ours = "BertNormalizer with do_lower_case: \(settings.lowercases)"
            noteOther(file, "normalizer", Section.describe(own.normaliser), ours, "BertTokenizer")
        }
        let words = Section.describe(own.preTokeniser)
        if words != "BertPreTokenizer" && words != "Sequence of BertPreTokenizer" {
            noteOther(file, "pre_tokenizer", words, "BertPreTokenizer", "BertTokenizer")
        }
        for (name, theirs, ours) in [
            ("continuing_subword_prefix", own.model.settings["continuing_subword_prefix"], JSONValue.string("##")),
            ("max_input_chars_per_word", own.model.settings["max_input_chars_per_word"], .int(100)),
            ("unk_token", own.model.settings["unk_token"], .string(tokenizer.specialTokens.unk)),
        ] {
            guard let theirs, theirs != ours, theirs != .null else { continue }
            noteOther(file, name, theirs.serialized(), ours.serialized(), "BertTokenizer")
        }
    }

    /// Compares how words are found, and `add_prefix_space`, which may stand in both files.
    private mutating func checkWords(
        _ file: TokenizerFile, _ config: TokenizerConfig, _ used: TokenizerSections, _ name: String
    ) {
        guard let algorithm = try? used.algorithm(path: file.path),
            case .ownWords(let ours)? = try? PreTokeniser(used.preTokeniser, for: algorithm, path: file.path)
        else { return }
        let own = try? PreTokeniser(file.sections.preTokeniser, for: algorithm, path: file.path)
        guard case .ownWords(let theirs)? = own, theirs != ours else {
            if case .ownWords? = own { return }
            return noteOther(
                file, "pre_tokenizer", Section.describe(file.sections.preTokeniser),
                Section.describe(used.preTokeniser), name)
        }
        let (space, otherSpace) = (theirs.putsSpace, ours.putsSpace)
        guard space != otherSpace else {
            return note(
                "\(file.path): the settings of its pre_tokenizer are not those of \(name), which are used, as in "
                    + "transformers")
        }
        let said =
            config["add_prefix_space"] == nil
            ? "does not say add_prefix_space, which is then" : "says add_prefix_space:"
        note(
            "\(file.path) says add_prefix_space: \(space), but \(config.path) \(said) \(otherSpace); "
                + "the latter is used, as in transformers")
    }

    private mutating func checkTemplate(
        _ file: TokenizerFile, _ theirs: PairTemplate, _ ours: PairTemplate, _ name: String
    ) {
        for (part, theirs, ours) in [
            ("first token of a row", theirs.roles.cls, ours.roles.cls),
            ("separator of a row", theirs.roles.sep, ours.roles.sep),
            ("type_id of the second text", "\(theirs.secondType)", "\(ours.secondType)"),
        ] where !theirs.utf8.elementsEqual(ours.utf8) {
            noteOther(file, part, theirs, ours, name)
        }
        if theirs.middle.map(\.token) != ours.middle.map(\.token) {
            let text = { (tokens: [PairTemplate.Special]) in tokens.map(\.token).joined(separator: " ") }
            noteOther(file, "separator between the texts", text(theirs.middle), text(ours.middle), name)
        }
    }

    private mutating func noteOther(
        _ file: TokenizerFile, _ part: String, _ theirs: String, _ ours: String, _ name: String
    ) {
        note("\(file.path): its \(part) is \(theirs), but that of \(name), \(ours), is used, as in transformers")
    }

    /// What `tokenizer_config.json` says beside a `tokenizer.json` that counts as it stands.
    mutating func checkConfig(_ config: TokenizerConfig, _ settings: Normaliser) throws(TokenizerError) {
        for (name, key, theirs, ours) in Self.compared(try config.normaliser(), settings)
        where config[key] != nil && theirs != ours {
            note(
                "\(config.path) says \(key): \(theirs), but tokenizer.json says \(name): \(ours); the latter is "
                    + "used, as in transformers")
        }
    }

    /// The settings of two normalisers with their names in `tokenizer.json` and in `tokenizer_config.json`.
    private static func compared(
        _ theirs: Normaliser, _ ours: Normaliser
    ) -> [(name: String, key: String, theirs: Bool, ours: Bool)] {
        let chinese = (theirs.spacesChineseCharacters, ours.spacesChineseCharacters)
        let accents = (theirs.stripsAccents ?? ours.lowercases, ours.stripsAccents ?? ours.lowercases)
        return [
            ("lowercase", "do_lower_case", theirs.lowercases, ours.lowercases),
            ("handle_chinese_chars", "tokenize_chinese_chars", chinese.0, chinese.1),
            ("strip_accents", "strip_accents", accents.0, accents.1),
        ]
    }

    // MARK: Lists of tokens

    /// Compares the lists of added tokens with those that were added.
    mutating func checkLists(_ folder: TokenizerFolder, _ tokenizer: Tokenizer) {
        let added = tokenizer.vocabulary.added
        if let (path, tokens) = folder.addedFile { compare(path, tokens.map { ($0.content, $0.id, nil) }, added) }
        for (path, list) in [
            (folder.file?.path, folder.file?.addedTokens), (folder.config.path, folder.config.decoder),
        ] {
            if let path, let list { compare(path, list.map { ($0.token.content, $0.id, $0.token) }, added) }
        }
        for entry in added.entries {
            guard let place = tokenizer.vocabulary.pieceOwner(entry.id) else { continue }
            let spelling = tokenizer.vocabulary.pieces[place]
            if spelling.utf8.elementsEqual(entry.token.content.utf8) { continue }
            let name = Self.quoted(entry.token.content)
            note(
                "\(folder.vocabularyPath): the added token \(name) has the id \(entry.id) of the token "
                    + "\(Self.quoted(spelling)), as in transformers, since the vocabulary has holes or repeated tokens")
        }
    }

    /// Notes which tokens of a list are not added tokens, have another id, or other flags.
    private mutating func compare(
        _ path: String, _ list: [(content: String, id: Int, token: AddedToken?)], _ added: AddedTokens
    ) {
        var (missing, moved, changed): ([String], [(String, Int32, Int)], [String]) = ([], [], [])
        for (content, id, token) in list where !content.isEmpty {
            guard let entry = added.entry(of: content) else {
                missing.append(content)
                continue
            }
            if Int(entry.id) != id { moved.append((content, entry.id, id)) }
            if let token, token != entry.token, token.isSpecial == entry.token.isSpecial { changed.append(content) }
        }
        if let first = missing.first {
            note(
                path, missing.count, "token",
                "in a list that does not count beside another file's, the first is \(Self.quoted(first)); not added, "
                    + "as in transformers")
        }
        if let (first, own, listed) = moved.first {
            note(
                path, moved.count, "token",
                "listed with an id that is not free, the first is \(Self.quoted(first)), which gets \(own) instead of "
                    + "\(listed), as in transformers")
        }
        if let first = changed.first {
            note(
                path, changed.count, "token",
                "listed by another file with other flags (lstrip, rstrip, single_word, normalized), which count, as in "
                    + "transformers; the first is \(Self.quoted(first))")
        }
    }

    /// Compares `special_tokens_map.json` with the roles.
    mutating func checkRoles(_ folder: TokenizerFolder, _ tokenizer: Tokenizer) {
        guard let (path, members) = folder.roleMap else { return }
        let extra = (members["additional_special_tokens"]?.array ?? []).compactMap { AddedToken(role: $0)?.content }
        if let first = extra.first(where: { tokenizer.vocabulary.added.entry(of: $0) == nil }) {
            note(
                "\(path): its additional_special_tokens do not count beside another file's list, as in transformers; "
                    + "\(Self.quoted(first)) is not among the special tokens")
        }
        let special = tokenizer.specialTokens
        for (role, own) in [
            ("cls_token", special.cls), ("sep_token", special.sep), ("unk_token", special.unk),
            ("mask_token", special.mask),
        ] {
            guard let entry = members[role], let token = AddedToken(role: entry) else { continue }
            if token.content.utf8.elementsEqual(own.utf8) { continue }
            note(
                "\(path) says \(role): \(Self.quoted(token.content)), but another file says \(Self.quoted(own)), "
                    + "which is used, as in transformers")
        }
    }

    /// Compares a `vocab.txt` with the `tokenizer.json` beside it, which counts.
    mutating func checkLines(
        _ folder: TokenizerFolder, _ file: TokenizerFile, _ vocabulary: Vocabulary
    ) throws(TokenizerError) {
        guard let lines = folder.vocabularyFile else { return }
        let pieces = try ModelFiles.vocabularyLines(lines)
        let paths = "\(lines.path) and \(file.path)"
        let isOther = { @Sendable (id: Int) -> Bool in
            guard let place = vocabulary.pieceOwner(Int32(id)) else { return false }
            let spelling = vocabulary.pieces.bytes[vocabulary.pieces.range(place)]
            // A token that no line can hold has the line of another one.
            return vocabulary.isLine(place) && spelling != pieces.bytes[pieces.range(id)]
        }
        if let id = (0..<pieces.count).first(where: isOther), let place = vocabulary.pieceOwner(Int32(id)) {
            note(
                "\(paths) belong to different models: the token \(id) is \(Self.quoted(pieces[id])) in the first and "
                    + "\(Self.quoted(vocabulary.pieces[place])) in the second, which is used, as in transformers")
        } else if pieces.count < vocabulary.pieceEnd || pieces.count > vocabulary.pieceEnd + file.addedTokens.count {
            note(
                "\(paths) belong to different models: the first has \(pieces.count) tokens, the second "
                    + "\(vocabulary.count), which is used, as in transformers")
        }
    }
}
