import StrictJSON

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension TextNormaliser {
    /// The `normalizer` section of a `tokenizer.json`.
    ///
    /// A `BertNormalizer`, a `Lowercase`, or both in this order are one pass of BERT's engine.
    ///
    /// - Throws: `TokenizerError` naming the file: `.unsupported` for a part that BertQA does not have.
    init(_ section: JSONValue?, path: String) throws(TokenizerError) {
        let parts = try Section.parts(of: section, "normalizer", "normalizers", path: path)
        if let settings = try Normaliser(parts) {
            self = .bert(NormaliserEngine(settings))
            return
        }
        var steps: [any NormaliserStep] = []
        for part in parts { steps.append(try Self.step(part)) }
        self = .steps(steps)
    }

    private static func step(_ part: Section) throws(TokenizerError) -> any NormaliserStep {
        let type = try part.type()
        switch type {
        case "BertNormalizer": return BertStep(engine: NormaliserEngine(try Normaliser(bert: part)))
        case "Lowercase": return LowercaseStep()
        case "NFC": return NormalisationForm(isCompatible: false, composes: true)
        case "NFD": return NormalisationForm(isCompatible: false, composes: false)
        case "NFKC": return NormalisationForm(isCompatible: true, composes: true)
        case "NFKD": return NormalisationForm(isCompatible: true, composes: false)
        case "StripAccents": return RemovalStep.accents
        case "Strip":
            return StripStep(left: try part.flag("strip_left", or: true), right: try part.flag("strip_right", or: true))
        case "Nmt": return NmtStep()
        case "Precompiled": return try precompiled(part)
        case "Prepend": return PrependStep(text: try part.insertion("prepend"))
        case "Replace":
            return ReplaceStep(pattern: try TextPattern(part), replacement: try part.insertion("content"))
        default: throw part.unsupported("the part \(type)")
        }
    }
}

extension TextNormaliser {
    /// A `Precompiled`, whose replacements are in base64.
    private static func precompiled(_ part: Section) throws(TokenizerError) -> CharacterMap {
        guard let data = Data(base64Encoded: try part.requiredText("precompiled_charsmap")) else {
            throw part.malformed("precompiled_charsmap", "base64")
        }
        do {
            return try CharacterMap([UInt8](data))
        } catch {
            throw TokenizerError(error.kind, "\(part.path): \(error.message)")
        }
    }
}

extension Normaliser {
    /// The settings that make a sequence of normalisers one pass; nil if there are none.
    init?(_ parts: [Section]) throws(TokenizerError) {
        guard let first = parts.first else { return nil }
        var settings = Normaliser(
            cleanText: false, spacesChineseCharacters: false, stripsAccents: false, lowercases: false)
        for (index, part) in parts.enumerated() {
            switch try part.type() {
            case "BertNormalizer" where index == 0: settings = try Normaliser(bert: first)
            case "Lowercase":
                settings.stripsAccents = settings.stripsAccents ?? settings.lowercases
                settings.lowercases = true
            default: return nil
            }
        }
        self = settings
    }

    /// The settings of a `BertNormalizer`.
    init(bert part: Section) throws(TokenizerError) {
        self.init(
            cleanText: try part.flag("clean_text", or: true),
            spacesChineseCharacters: try part.flag("handle_chinese_chars", or: true),
            stripsAccents: try part.flag("strip_accents"), lowercases: try part.flag("lowercase", or: true))
    }
}
