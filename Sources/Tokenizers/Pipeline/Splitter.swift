import StrictJSON

/// The algorithm that makes tokens of normalised text.
///
/// Each algorithm is a struct in a folder of its own with the two functions of this enumeration. Positions in the sink
/// are those of `NormalisedText.source`: UTF-8 bytes of the text, at the boundaries of Unicode scalars.
enum Splitter: Sendable {
    case wordPiece(WordSplitter)
    case bytePair(BytePairSplitter)
    case unigram(UnigramSplitter)

    /// Appends the tokens of the normalised bytes `range`, which lie between two added tokens. The algorithm finds the
    /// words itself, in the way of the models that it is made for.
    @inline(__always)
    func split(_ text: NormalisedText, _ range: Range<Int>, into sink: TokenSink) {
        switch self {
        case .wordPiece(let splitter): splitter.split(text, range, into: sink)
        case .bytePair(let splitter): splitter.split(text, range, into: sink)
        case .unigram(let splitter): splitter.split(text, range, into: sink)
        }
    }

    /// Appends the tokens of the normalised bytes `word`, which a pre-tokenizer has cut out; it is not cut any further.
    func split(word: Range<Int>, of text: NormalisedText, into sink: TokenSink) {
        switch self {
        case .wordPiece(let splitter): splitter.split(word: word, of: text, into: sink)
        case .bytePair(let splitter): splitter.split(word: word, of: text, into: sink)
        case .unigram(let splitter): splitter.split(word: word, of: text, into: sink)
        }
    }

    /// WordPiece's settings; nil for another algorithm.
    var wordPiece: WordSplitter? { if case .wordPiece(let splitter) = self { splitter } else { nil } }
}

extension Splitter {
    /// The algorithm of a `model` section.
    ///
    /// - Throws: `TokenizerError`: `.vocabulary` naming a token that is missing, `.unsupported` for a setting that
    ///   BertQA does not have.
    init(
        _ model: ModelSection, _ vocabulary: Vocabulary, _ preTokeniser: PreTokeniser, path: String
    ) throws(TokenizerError) {
        switch model.algorithmName.flatMap(ModelSection.Algorithm.init) {
        case .bytePair: self = try Self.bytePair(model, vocabulary, preTokeniser, path: path)
        case .unigram: self = try Self.unigram(model, vocabulary, preTokeniser, path: path)
        case .wordPiece, nil: self = try Self.wordPiece(model, vocabulary, path: path)
        }
    }

    private static func wordPiece(
        _ model: ModelSection, _ vocabulary: Vocabulary, path: String
    ) throws(TokenizerError) -> Splitter {
        let section = model.section(path)
        let token = try section.text("unk_token") ?? "[UNK]"
        // Words that cannot be spelled become a token of the model itself: the library fails where it is only an added
        // one.
        let unknown = try SpecialTokens(unk: token).require(token, vocabulary.pieceID(of: token))
        return .wordPiece(
            WordSplitter(
                vocabulary: vocabulary, continuation: try section.text("continuing_subword_prefix") ?? "##",
                unknown: unknown, maximumScalars: try section.count("max_input_chars_per_word") ?? 100))
    }

    private static func bytePair(
        _ model: ModelSection, _ vocabulary: Vocabulary, _ preTokeniser: PreTokeniser, path: String
    ) throws(TokenizerError) -> Splitter {
        var byteLevel: ByteLevelSettings? = preTokeniser.isByteLevel ? ByteLevelSettings() : nil
        if case .ownWords(.byteLevel(let settings)) = preTokeniser { byteLevel = settings }
        do {
            let options = try BytePairOptions(model.settings, isByteLevel: byteLevel != nil)
            return .bytePair(
                try BytePairSplitter(
                    vocabulary: vocabulary, merges: model.merges, options: options, byteLevel: byteLevel))
        } catch {
            // Whoever reads the folder names the file of a vocabulary.
            throw error.kind == .vocabulary ? error : TokenizerError(error.kind, "\(path): \(error.message)")
        }
    }

    private static func unigram(
        _ model: ModelSection, _ vocabulary: Vocabulary, _ preTokeniser: PreTokeniser, path: String
    ) throws(TokenizerError) -> Splitter {
        let section = model.section(path)
        guard let unknown = try section.count("unk_id"), let id = Int32(exactly: unknown) else {
            throw section.malformed("unk_id", "the id of a token")
        }
        var metaspace: MetaspaceSettings?
        if case .ownWords(.metaspace(let settings)) = preTokeniser { metaspace = settings }
        return .unigram(
            try UnigramSplitter(
                vocabulary: vocabulary, scores: model.scores, unknown: id,
                byteFallback: try section.flag("byte_fallback", or: false), metaspace: metaspace))
    }
}

extension ModelSection {
    /// The section's settings for reading.
    fileprivate func section(_ path: String) -> Section {
        Section(path: path, name: "model", value: .object(JSONObject(settings.map { ($0.key, $0.value) })))
    }
}
