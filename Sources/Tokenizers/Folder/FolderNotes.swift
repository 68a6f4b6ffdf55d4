import Files
import StrictJSON

/// Notes what is unusual about the files of a tokenizer: what they contradict each other in, and what has no effect.
struct FolderNotes {
    private(set) var warnings: [String]

    init(_ warnings: [String]) { self.warnings = warnings }

    private mutating func note(_ warning: String) { warnings.append(warning) }

    // MARK: The vocabulary

    /// Looks for spellings and ids that are there several times, ids without a token, and a byte order mark.
    mutating func check(_ vocabulary: Vocabulary, path: String, isLines: Bool) {
        let pieces = vocabulary.pieces
        if let place = vocabulary.repeatedPlaces.first {
            let ids = (0...place).filter { pieces.areEqual($0, place) }.map { "\(vocabulary.pieceIDs[$0])" }
            note(
                "\(path): \(Self.count(vocabulary.repeatedPlaces.count, "token")) repeated, the first is \(Self.quoted(pieces[place])) "
                    + "with the ids \(ids.joined(separator: ", ")); the last id counts, as in transformers")
        }
        if let place = vocabulary.sharedPlaces.first, let owner = vocabulary.pieceOwner(vocabulary.pieceIDs[place]) {
            note(
                "\(path): \(Self.count(vocabulary.sharedPlaces.count, "token")) with the id of another, the first is "
                    + "\(Self.quoted(pieces[place])), whose id \(vocabulary.pieceIDs[place]) is that of \(Self.quoted(pieces[owner]))")
        }
        let holes = vocabulary.count - Set(vocabulary.pieceIDs).count
        if holes > 0 && !isLines {
            let first = (0..<Int32(vocabulary.count)).first { vocabulary.pieceOwner($0) == nil } ?? 0
            note("\(path): \(Self.count(holes, "id")) without a token, the first is \(first); they are left out, as in transformers")
        }
        if isLines, pieces.count > 0, pieces.bytes[pieces.range(0)].starts(with: [0xEF, 0xBB, 0xBF]) {
            note(
                "\(path): it begins with a byte order mark, which transformers takes for a part of the first token; save the file "
                    + "without it")
        }
    }

    /// Looks for a cased vocabulary whose texts are put in lower case, and the other way round.
    private mutating func checkCase(_ tokenizer: Tokenizer, _ folder: TokenizerFolder) {
        let letters = tokenizer.vocabulary.letterCase()
        let path = folder.vocabularyPath
        if tokenizer.normaliser.lowercases {
            guard letters.upper >= 1000 || (letters.upper >= 50 && letters.upper * 20 > letters.all) else { return }
            note(
                "\(path): \(letters.upper) of \(letters.all) tokens have capital letters and are never found, for texts are put in "
                    + "lower case; for a cased model write \"do_lower_case\": false into \(folder.config.path)")
        } else if letters.lower >= 50 && letters.upper * 1000 < letters.lower {
            note(
                "\(path): no token has a capital letter, but texts keep theirs, so that most words with one are unknown; for an "
                    + "uncased model write \"do_lower_case\": true into \(folder.config.path)")
        }
    }

    // MARK: The files against each other

    /// Compares what the files say with the tokenizer that was made of them.
    mutating func check(
        _ folder: TokenizerFolder, against tokenizer: Tokenizer, template: PairTemplate?
    ) throws(TokenizerError) {
        if let file = folder.file {
            if folder.tokenizerClass == .bert {
                checkFile(file, folder, tokenizer, template)
            } else {
                try checkConfig(folder, tokenizer)
            }
            try checkLines(folder, file)
        }
        checkCase(tokenizer, folder)
        checkIgnored(folder.config)
        checkLists(folder, tokenizer)
        checkRoles(folder, tokenizer)
    }

    /// What a `tokenizer.json` says that `BertTokenizer` does otherwise.
    private mutating func checkFile(
        _ file: TokenizerFile, _ folder: TokenizerFolder, _ tokenizer: Tokenizer, _ template: PairTemplate?
    ) {
        let config = folder.config.path
        if let own = try? file.normaliserSettings() {
            for (name, key, theirs, ours) in Self.compared(own, tokenizer.normaliser) where theirs != ours {
                let said = folder.config[key] == nil ? "\(config) does not say \(key), which is then \(ours)" : "\(config) says \(key): \(ours)"
                note("\(file.path) says \(name): \(theirs), but \(said); \(config) decides, as in transformers")
            }
            if !own.cleanText { note("\(file.path) says clean_text: false, but BertTokenizer always cleans texts; they are cleaned") }
        } else {
            note(
                "\(file.path): its normalizer is \(TokenizerFile.describe(file.normaliser)), but BertTokenizer has one of its own by "
                    + "\(config) (do_lower_case: \(tokenizer.normaliser.lowercases)), which is used, as in transformers")
        }
        if (try? file.checkPreTokeniser()) == nil {
            note(
                "\(file.path): its pre_tokenizer is \(TokenizerFile.describe(file.preTokeniser)), but BertTokenizer splits words by "
                    + "BertPreTokenizer, which is used, as in transformers")
        }
        for (name, theirs, ours) in [
            ("continuing_subword_prefix", file.continuationPrefix, tokenizer.continuationPrefix),
            ("max_input_chars_per_word", "\(file.maximumWordScalars)", "\(tokenizer.maximumWordScalars)"),
            ("unk_token", file.unknown, tokenizer.specialTokens.unk),
            ("[CLS]", template?.cls ?? tokenizer.specialTokens.cls, tokenizer.specialTokens.cls),
            ("[SEP]", template?.sep ?? tokenizer.specialTokens.sep, tokenizer.specialTokens.sep),
            ("type_id of the second text", "\(template?.secondType ?? 1)", "1"),
        ] where theirs != ours {
            note("\(file.path) has \(Self.quoted(theirs)) as \(name), but BertTokenizer \(Self.quoted(ours)), which is used, as in transformers")
        }
    }

    /// What `tokenizer_config.json` says beside a `tokenizer.json` that counts as it stands.
    private mutating func checkConfig(_ folder: TokenizerFolder, _ tokenizer: Tokenizer) throws(TokenizerError) {
        let said = try folder.config.normaliser()
        for (name, key, theirs, ours) in Self.compared(said, tokenizer.normaliser)
        where folder.config[key] != nil && theirs != ours {
            note(
                "\(folder.config.path) says \(key): \(theirs), but tokenizer.json says \(name): \(ours); tokenizer.json decides, as in "
                    + "transformers")
        }
    }

    /// The settings of two normalisers with their names in `tokenizer.json` and in `tokenizer_config.json`.
    private static func compared(
        _ theirs: Normaliser, _ ours: Normaliser
    ) -> [(name: String, key: String, theirs: Bool, ours: Bool)] {
        [
            ("lowercase", "do_lower_case", theirs.lowercases, ours.lowercases),
            (
                "handle_chinese_chars", "tokenize_chinese_chars", theirs.spacesChineseCharacters,
                ours.spacesChineseCharacters
            ),
            (
                "strip_accents", "strip_accents", theirs.stripsAccents ?? ours.lowercases,
                ours.stripsAccents ?? ours.lowercases
            ),
        ]
    }

    /// Settings of older programs that no longer do anything.
    private mutating func checkIgnored(_ config: TokenizerConfig) {
        if let words = config["never_split"]?.array, !words.isEmpty {
            note("\(config.path): never_split has no effect, as in transformers; list such tokens as added tokens")
        }
        if config["do_basic_tokenize"] == .bool(false) {
            note("\(config.path): do_basic_tokenize: false has no effect, as in transformers")
        }
        if config["auto_map"]?["AutoTokenizer"] != nil {
            note("\(config.path): auto_map names a program for the tokenizer, which is not run")
        }
    }

    // MARK: Lists of tokens

    private mutating func checkLists(_ folder: TokenizerFolder, _ tokenizer: Tokenizer) {
        let added = tokenizer.vocabulary.added
        if let (path, tokens) = folder.addedFile {
            compare(path, tokens.map { ($0.content, $0.id, nil) }, added)
        }
        if let file = folder.file {
            compare(file.path, file.addedTokens.map { ($0.token.content, $0.id, $0.token) }, added)
        }
        if let decoder = folder.config.decoder {
            compare(folder.config.path, decoder.map { ($0.token.content, $0.id, $0.token) }, added)
        }
        for (id, token) in added.byID {
            guard let place = tokenizer.vocabulary.pieceOwner(id) else { continue }
            let spelling = tokenizer.vocabulary.pieces[place]
            if !spelling.utf8.elementsEqual(token.content.utf8) {
                note(
                    "\(folder.vocabularyPath): the added token \(Self.quoted(token.content)) has the id \(id) of the token "
                        + "\(Self.quoted(spelling)), as in transformers, since the vocabulary has holes or repeated tokens")
            }
        }
    }

    /// Notes which tokens of a list are no added tokens, have another id, or other flags.
    private mutating func compare(_ path: String, _ list: [(content: String, id: Int, token: AddedToken?)], _ added: AddedTokens) {
        var (missing, moved, changed): ([String], [String], [String]) = ([], [], [])
        for (content, id, token) in list where !content.isEmpty {
            guard let own = added.id(of: content) else {
                missing.append(Self.quoted(content))
                continue
            }
            if Int(own) != id { moved.append("\(Self.quoted(content)) (\(own) in place of \(id))") }
            if let token, let kept = added.byID[own], token != kept, token.isSpecial == kept.isSpecial {
                changed.append(Self.quoted(content))
            }
        }
        if let first = missing.first {
            note("\(path): \(Self.count(missing.count, "token")) in its list that other files do not list, the first is \(first); they are not added tokens, as in transformers")
        }
        if let first = moved.first {
            note("\(path): \(Self.count(moved.count, "token")) with another id than the list says, the first is \(first), as in transformers")
        }
        if let first = changed.first {
            note("\(path): \(Self.count(changed.count, "token")) with other flags (lstrip, rstrip, single_word, normalized) in another file, the first is \(first); the other file decides, as in transformers")
        }
    }

    /// Compares `special_tokens_map.json` with the roles.
    private mutating func checkRoles(_ folder: TokenizerFolder, _ tokenizer: Tokenizer) {
        guard let (path, members) = folder.roleMap else { return }
        let special = tokenizer.specialTokens
        for (role, own) in [
            ("cls_token", special.cls), ("sep_token", special.sep), ("unk_token", special.unk), ("mask_token", special.mask),
        ] {
            guard let entry = members[role], let token = AddedToken(role: entry) else { continue }
            if !token.content.utf8.elementsEqual(own.utf8) {
                note("\(path) says \(role): \(Self.quoted(token.content)), but other files say \(Self.quoted(own)), which is used, as in transformers")
            }
        }
    }

    /// Compares a `vocab.txt` with the `tokenizer.json` beside it, which counts.
    private mutating func checkLines(_ folder: TokenizerFolder, _ file: TokenizerFile) throws(TokenizerError) {
        guard let lines = folder.vocabularyFile else { return }
        let pieces = try ModelFiles.vocabularyLines(lines)
        let vocabulary = try Vocabulary(pieces: file.pieces, ids: file.ids)
        let expected = (0..<Int32(pieces.count)).first { id in
            guard let place = vocabulary.pieceOwner(id) else { return false }
            return vocabulary.pieces.bytes[vocabulary.pieces.range(place)] != pieces.bytes[pieces.range(Int(id))]
        }
        if let id = expected, let place = vocabulary.pieceOwner(id) {
            note(
                "\(lines.path) and \(file.path) belong to different models: the token \(id) is \(Self.quoted(pieces[Int(id)])) in the one and "
                    + "\(Self.quoted(vocabulary.pieces[place])) in the other; tokenizer.json is used, as in transformers")
        } else if pieces.count != vocabulary.count {
            note(
                "\(lines.path) has \(pieces.count) tokens and \(file.path) has \(vocabulary.count); tokenizer.json is used, as in transformers")
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun) is" : "\(number) \(noun)s are"
    }

    /// A token in quotes; a long one is cut, and what cannot be seen is escaped.
    private static func quoted(_ token: String) -> String {
        token.count > 40 ? "\(token.prefix(40).debugDescription)..." : token.debugDescription
    }
}

extension Vocabulary {
    /// How many tokens have capital letters, and how many have small Latin ones only; names in brackets are left out.
    func letterCase() -> (upper: Int, lower: Int, all: Int) {
        var (upper, lower) = (0, 0)
        pieces.bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            for place in 0..<pieces.count {
                let range = pieces.range(place)
                guard let first = bytes[range].first, first != UInt8(ascii: "["), first != UInt8(ascii: "<") else { continue }
                var position = range.lowerBound
                var (hasUpper, hasLower) = (false, false)
                while position < range.upperBound {
                    let (scalar, next) = UTF8Scalars.decode(start, position)
                    hasUpper = hasUpper || UnicodeTable.shared.traits(scalar).contains(.lowers)
                    hasLower = hasLower || (0x61...0x7A).contains(scalar)
                    position = next
                }
                if hasUpper { upper += 1 } else if hasLower { lower += 1 }
            }
        }
        return (upper, lower, pieces.count)
    }
}
