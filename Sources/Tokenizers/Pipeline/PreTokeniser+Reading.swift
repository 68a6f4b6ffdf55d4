import StrictJSON

extension PreTokeniser {
    /// The `pre_tokenizer` section of a `tokenizer.json` for an algorithm.
    ///
    /// - Throws: `TokenizerError` naming the file: `.unsupported` for a part that BertQA does not have.
    init(
        _ section: JSONValue?, for algorithm: ModelSection.Algorithm, path: String
    ) throws(TokenizerError) {
        let parts = try Section.parts(of: section, "pre_tokenizer", "pretokenizers", path: path)
        let types = try parts.map { part throws(TokenizerError) in try part.type() }
        switch (algorithm, types) {
        case (.wordPiece, ["BertPreTokenizer"]): self = .ownWords(.bert)
        case (.bytePair, ["ByteLevel"]): self = .ownWords(.byteLevel(try ByteLevelSettings(parts[0])))
        case (.unigram, ["Metaspace"]): self = .ownWords(.metaspace(try MetaspaceSettings(parts[0])))
        case (.unigram, ["WhitespaceSplit", "Metaspace"]):
            var settings = try MetaspaceSettings(parts[1])
            settings.dropsWhiteSpace = true
            self = .ownWords(.metaspace(settings))
        default:
            // What comes behind ByteLevel gets letters that stand for bytes, which only byte-level BPE undoes.
            if let place = types.firstIndex(of: "ByteLevel"), algorithm != .bytePair || place + 1 < types.count {
                throw parts[place].unsupported(
                    algorithm == .bytePair
                        ? "ByteLevel before \(types[place + 1])" : "ByteLevel before \(algorithm.rawValue)")
            }
            var steps: [any PreTokeniserStep] = []
            for (part, type) in zip(parts, types) { steps += try Self.steps(part, type) }
            self = .steps(steps)
        }
    }

    private static func steps(_ part: Section, _ type: String) throws(TokenizerError) -> [any PreTokeniserStep] {
        switch type {
        case "BertPreTokenizer":
            return [
                CuttingStep(delimiter: .whiteSpace, behaviour: .removed),
                CuttingStep(delimiter: .punctuation, behaviour: .isolated),
            ]
        case "ByteLevel": return [ByteLevelStep(settings: try ByteLevelSettings(part))]
        case "Metaspace": return [MetaspaceStep(try MetaspaceSettings(part))]
        case "WhitespaceSplit": return [CuttingStep(delimiter: .whiteSpace, behaviour: .removed)]
        case "Whitespace": return [CuttingStep(delimiter: .whitespaceWords, behaviour: .removed, inverted: true)]
        case "Punctuation":
            return [CuttingStep(delimiter: .punctuation, behaviour: try behaviour(part) ?? .isolated)]
        case "Digits":
            let isIndividual = try part.flag("individual_digits", or: false)
            return [CuttingStep(delimiter: .numbers, behaviour: isIndividual ? .isolated : .contiguous)]
        case "Split": return [try split(part)]
        default: throw part.unsupported("the part \(type)")
        }
    }

    private static func behaviour(_ part: Section) throws(TokenizerError) -> SplitBehaviour? {
        guard let name = try part.text("behavior") else { return nil }
        guard let behaviour = SplitBehaviour(rawValue: name) else { throw part.unsupported("the behavior \(name)") }
        return behaviour
    }

    private static func split(_ part: Section) throws(TokenizerError) -> any PreTokeniserStep {
        guard let behaviour = try behaviour(part) else { throw part.malformed("behavior", "a string") }
        let inverted = try part.flag("invert", or: false)
        switch part.value["pattern"]?["Regex"]?.string {
        case #"\w+|[^\w\s]+"#?: return CuttingStep(delimiter: .words, behaviour: behaviour, inverted: inverted)
        case GPT2Step.expression?: return GPT2Step(behaviour: behaviour, inverted: inverted)
        default:
            let pattern = try TextPattern(part)
            return CuttingStep(delimiter: .pattern(pattern), behaviour: behaviour, inverted: inverted)
        }
    }
}

extension TextPattern {
    /// The `pattern` of a `Replace` or `Split`.
    init(_ part: Section) throws(TokenizerError) {
        if let text = part.value["pattern"]?["String"]?.string {
            guard !text.isEmpty else { throw part.malformed("pattern", "a text that is not empty") }
            self = .literal(Array(text.utf8))
        } else if let expression = part.value["pattern"]?["Regex"]?.string {
            guard let pattern = TextPattern(expression: expression) else {
                throw part.unsupported("the regular expression \(expression.debugDescription)")
            }
            self = pattern
        } else {
            throw part.malformed("pattern", "an object with String or Regex")
        }
    }
}

extension ByteLevelSettings {
    init(_ part: Section) throws(TokenizerError) {
        addsPrefixSpace = try part.flag("add_prefix_space", or: true)
        splitsWords = try part.flag("use_regex", or: true)
    }
}

extension MetaspaceSettings {
    /// - Source: `Metaspace` of tokenizers 0.23.1; files from before 0.15 say `add_prefix_space` instead of
    ///   `prepend_scheme`.
    init(_ part: Section) throws(TokenizerError) {
        let mark = try part.text("replacement") ?? "\u{2581}"
        guard let scalar = mark.unicodeScalars.first, mark.unicodeScalars.count == 1 else {
            throw part.malformed("replacement", "one character")
        }
        replacement = scalar
        if let name = try part.text("prepend_scheme") {
            guard let scheme = PrependScheme(rawValue: name) else {
                throw part.unsupported("the prepend_scheme \(name)")
            }
            self.scheme = scheme
        }
        if try part.flag("add_prefix_space") == false { scheme = .never }
        splitsWords = try part.flag("split", or: true)
    }
}
