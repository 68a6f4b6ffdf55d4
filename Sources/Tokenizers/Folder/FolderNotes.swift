import StrictJSON

/// Notes what is unusual about the files of a tokenizer: where they contradict each other, and what has no effect.
struct FolderNotes {
    private(set) var warnings: [String]

    init(_ warnings: [String]) { self.warnings = warnings }

    mutating func note(_ warning: String) { warnings.append(warning) }

    /// Notes how many tokens or ids something holds for, with the first of them.
    mutating func note(_ path: String, _ number: Int, _ noun: String, _ what: String) {
        note("\(path): \(number == 1 ? "1 \(noun) is" : "\(number) \(noun)s are") \(what)")
    }

    /// Compares what the files say with the tokenizer that was made of them.
    mutating func check(
        _ folder: TokenizerFolder, against tokenizer: Tokenizer
    ) throws(TokenizerError) {
        let settings = tokenizer.normaliser.bertSettings
        if let file = folder.file {
            if folder.tokenizerClass == .file {
                if let settings { try checkConfig(folder.config, settings) }
            } else {
                checkSections(of: file, folder, tokenizer)
            }
            try checkLines(folder, file, tokenizer.vocabulary)
        }
        if let settings { checkCase(tokenizer, settings, folder) }
        checkIgnored(folder.config)
        checkLists(folder, tokenizer)
        checkRoles(folder, tokenizer)
    }

    // MARK: The vocabulary

    /// Looks for spellings and ids that are there several times, ids without a token, and a byte order mark.
    mutating func check(_ vocabulary: Vocabulary, path: String, isLines: Bool) {
        let pieces = vocabulary.pieces
        if let place = vocabulary.repeatedPlaces.first {
            let ids = (0...place).filter { pieces.areEqual($0, place) }.map { "\(vocabulary.pieceIDs[$0])" }
            note(
                path, vocabulary.repeatedPlaces.count, "token",
                "repeated, the first is \(Self.quoted(pieces[place])) with the ids \(ids.joined(separator: ", ")); "
                    + "the last id counts, as in transformers")
        }
        if let place = vocabulary.sharedPlaces.first, let owner = vocabulary.pieceOwner(vocabulary.pieceIDs[place]) {
            note(
                path, vocabulary.sharedPlaces.count, "token",
                "listed with the id of another token, the first is \(Self.quoted(pieces[place])), whose id "
                    + "\(vocabulary.pieceIDs[place]) is that of \(Self.quoted(pieces[owner]))")
        }
        let holes = isLines ? [] : (0..<Int32(vocabulary.count)).filter { vocabulary.pieceOwner($0) == nil }
        if let first = holes.first {
            note(
                path, holes.count, "id", "without a token, the first is \(first); they stay unused, as in transformers")
        }
        if isLines, pieces.count > 0, pieces.bytes[pieces.range(0)].starts(with: [0xEF, 0xBB, 0xBF]) {
            note(
                "\(path): it begins with a byte order mark, which becomes a part of the first token, as in "
                    + "transformers; save the file without it")
        }
    }

    /// Looks for a cased vocabulary whose texts are put in lower case, and the other way round.
    private mutating func checkCase(_ tokenizer: Tokenizer, _ settings: Normaliser, _ folder: TokenizerFolder) {
        let letters = tokenizer.vocabulary.letterCase()
        let (path, config) = (folder.vocabularyPath, folder.config.path)
        if settings.lowercases {
            guard letters.upper >= 1000 || (letters.upper >= 50 && letters.upper * 20 > letters.all) else { return }
            note(
                "\(path): \(letters.upper) of \(letters.all) tokens have capital letters, but texts are put in lower "
                    + "case, so these tokens are never found; if the model is cased, set do_lower_case to false in "
                    + config)
        } else if letters.lower >= 50 && letters.upper * 1000 < letters.lower {
            note(
                "\(path): no token has a capital letter, but texts keep theirs, so most words with one are unknown"
                    + "; if the model is uncased, set do_lower_case to true in \(config)")
        }
    }

    // MARK: Settings

    /// Settings of older programs that no longer have an effect.
    private mutating func checkIgnored(_ config: TokenizerConfig) {
        if let words = config["never_split"]?.array, !words.isEmpty {
            note(
                "\(config.path): never_split has no effect, as in transformers; list its words in added_tokens.json")
        }
        if config["do_basic_tokenize"] == .bool(false) {
            note("\(config.path): do_basic_tokenize: false has no effect, as in transformers")
        }
        if config["auto_map"]?["AutoTokenizer"] != nil {
            note("\(config.path): auto_map names Python code for the tokenizer, which is not run")
        }
    }

    /// A token in quotes; a long one is cut, and what cannot be seen is escaped.
    static func quoted(_ token: String) -> String {
        token.count > 40 ? "\(String(token.prefix(40)).debugDescription)..." : token.debugDescription
    }
}

extension Vocabulary {
    /// How many tokens have capital letters, and how many have small Latin letters only; names in brackets, such as
    /// `[CLS]`, are left out.
    func letterCase() -> (upper: Int, lower: Int, all: Int) {
        var (upper, lower) = (0, 0)
        pieces.bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            for place in 0..<pieces.count {
                let range = pieces.range(place)
                if let first = bytes[range].first, first == UInt8(ascii: "[") || first == UInt8(ascii: "<") { continue }
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
