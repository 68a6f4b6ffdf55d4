import StrictJSON

extension TokenDecoder {
    /// The `decoder` section of a `tokenizer.json`.
    ///
    /// - Throws: `TokenizerError` naming the file: `.unsupported` for a part that BertQA does not have.
    init(_ section: JSONValue?, path: String) throws(TokenizerError) {
        let parts = try Section.parts(of: section, "decoder", "decoders", path: path)
        if parts.isEmpty {
            self = .none
            return
        }
        if parts.count == 1, try parts[0].type() == "WordPiece" {
            self = .wordPiece(prefix: try parts[0].text("prefix") ?? "##")
            return
        }
        var steps: [Step] = []
        for part in parts { steps.append(try Self.step(part)) }
        self = .steps(steps)
    }

    private static func step(_ part: Section) throws(TokenizerError) -> Step {
        let type = try part.type()
        switch type {
        case "WordPiece":
            return .wordPiece(prefix: try part.text("prefix") ?? "##", cleansUp: try part.flag("cleanup", or: true))
        case "ByteLevel": return .byteLevel
        case "Metaspace": return .metaspace(Metaspace(try MetaspaceSettings(part)))
        case "BPEDecoder": return .bytePair(suffix: try part.text("suffix") ?? "</w>")
        case "Replace": return .replace(try TextPattern(part), try part.insertion("content"))
        case "ByteFallback": return .byteFallback
        case "Fuse": return .fuse
        case "Strip":
            let content = try part.requiredText("content").unicodeScalars
            guard let scalar = content.first, content.count == 1 else {
                throw part.malformed("content", "one character")
            }
            return .strip(scalar, start: try part.count("start") ?? 0, stop: try part.count("stop") ?? 0)
        default: throw part.unsupported("the part \(type)")
        }
    }
}
