/// How the spellings of tokens become a text.
enum TokenDecoder: Sendable {
    /// Words with spaces between them, their pieces joined; `cleanUp` says whether spaces before punctuation go.
    case wordPiece(prefix: String)
    /// All spellings with spaces between them: the file names no decoder.
    case none
    /// In this order, on the list of all spellings; what is left is joined.
    case steps([Step])

    /// One decoder of a sequence, as a `tokenizer.json` lists them.
    enum Step: Sendable {
        case wordPiece(prefix: String, cleansUp: Bool)
        /// The letters of byte-level vocabularies become the bytes that they stand for.
        case byteLevel
        /// `▁` becomes a space, except at the beginning unless nothing was put there.
        case metaspace(Metaspace)
        /// A suffix becomes a space.
        case bytePair(suffix: String)
        case replace(TextPattern, [UInt8])
        /// `<0x0A>` and its like become bytes.
        case byteFallback
        /// All tokens become one.
        case fuse
        /// Up to so many of a character go at the beginning and at the end of each token.
        case strip(Unicode.Scalar, start: Int, stop: Int)
    }

    /// The text of tokens.
    ///
    /// - Parameter cleanUp: WordPiece: takes out the spaces before punctuation and English contractions.
    func text(_ tokens: [String], cleanUp: Bool) -> String {
        var list = tokens.map { Array($0.utf8) }
        switch self {
        case .wordPiece(let prefix): Self.joinWords(&list, Array(prefix.utf8), cleanUp)
        case .none: return tokens.joined(separator: " ")
        case .steps(let steps): for step in steps { step.apply(to: &list) }
        }
        return String(decoding: list.joined(), as: UTF8.self)
    }

    /// What `cleanUp` replaces in each token, in order, as the library's WordPiece decoder does.
    private static let cleaning: [(from: [UInt8], to: [UInt8])] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.utf8), Array($1.utf8)) }

    fileprivate static func joinWords(_ list: inout [[UInt8]], _ prefix: [UInt8], _ cleanUp: Bool) {
        for index in list.indices {
            if index > 0 {
                if list[index].starts(with: prefix) {
                    list[index].removeFirst(prefix.count)
                } else {
                    list[index].insert(0x20, at: 0)
                }
            }
            guard cleanUp, list[index].contains(0x20) else { continue }
            for (from, to) in cleaning { list[index] = replacing(.literal(from), by: to, in: list[index]) }
        }
    }

    fileprivate static func replacing(_ pattern: TextPattern, by text: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var done = 0
        bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            pattern.forEachMatch(start, 0..<buffer.count) { match in
                result += bytes[done..<match.lowerBound] + text
                done = match.upperBound
            }
        }
        return result + bytes[done...]
    }
}

extension TokenDecoder.Step {
    fileprivate func apply(to list: inout [[UInt8]]) {
        switch self {
        case .wordPiece(let prefix, let cleansUp): TokenDecoder.joinWords(&list, Array(prefix.utf8), cleansUp)
        case .byteLevel:
            list = [Array(ByteAlphabet.text(of: list.map { String(decoding: $0, as: UTF8.self) }).utf8)]
        case .metaspace(let metaspace):
            for (index, token) in list.enumerated() {
                let text = String(decoding: token, as: UTF8.self)
                list[index] = Array(metaspace.decoded(text, isFirst: index == 0).utf8)
            }
        case .bytePair(let suffix):
            for index in list.indices {
                let space: [UInt8] = index + 1 < list.count ? [0x20] : []
                guard !suffix.isEmpty else { continue }
                list[index] = TokenDecoder.replacing(.literal(Array(suffix.utf8)), by: space, in: list[index])
            }
        case .replace(let pattern, let text):
            list = list.map { TokenDecoder.replacing(pattern, by: text, in: $0) }
        case .byteFallback: Self.putBytes(&list)
        case .fuse: list = [Array(list.joined())]
        case .strip(let scalar, let start, let stop):
            list = list.map { Self.stripped($0, Array(String(scalar).utf8), start, stop) }
        }
    }

    /// Joins the bytes that follow one another; where they are not UTF-8 each becomes U+FFFD.
    ///
    /// - Source: `ByteFallback` of tokenizers 0.23.1 (`tokenizers/src/decoders/byte_fallback.rs`).
    private static func putBytes(_ list: inout [[UInt8]]) {
        var result: [[UInt8]] = []
        var bytes: [UInt8] = []
        let flush = {
            guard !bytes.isEmpty else { return }
            let isText = String(validating: bytes, as: UTF8.self) != nil
            if isText {
                result.append(bytes)
            } else {
                for _ in bytes { result.append(Array("\u{FFFD}".utf8)) }
            }
            bytes = []
        }
        for token in list {
            if let byte = byte(token) {
                bytes.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        list = result
    }

    /// The byte that a token like `<0x0A>` stands for.
    private static func byte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }

    private static func stripped(_ token: [UInt8], _ scalar: [UInt8], _ start: Int, _ stop: Int) -> [UInt8] {
        var rest = token[...]
        var (left, right) = (start, stop)
        while left > 0, rest.starts(with: scalar) {
            rest = rest.dropFirst(scalar.count)
            left -= 1
        }
        while right > 0, rest.reversed().starts(with: scalar.reversed()) {
            rest = rest.dropLast(scalar.count)
            right -= 1
        }
        return Array(rest)
    }
}
