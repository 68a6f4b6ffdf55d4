/// Writes spaces as a visible character, and one in front of a word: `Metaspace` of the `tokenizers` library.
///
/// - Source: `tokenizers/src/pre_tokenizers/metaspace.rs` of tokenizers 0.23.1.
struct Metaspace: Sendable {
    let settings: MetaspaceSettings
    private let replacement: [UInt8]

    init(_ settings: MetaspaceSettings) {
        self.settings = settings
        replacement = Array(String(settings.replacement).utf8)
    }

    /// Appends the normalised bytes `range` to `output` with replacements, and one before them if it has to be.
    ///
    /// What stands for a space gets the space's position; what is put in front gets the first scalar's.
    func rewrite(_ text: NormalisedText, _ range: Range<Int>, into output: NormalisedText) {
        guard !range.isEmpty else { return }
        let bytes = UnsafePointer(text.bytes)
        let first = text.source(range.lowerBound, range.lowerBound + UTF8Scalars.length(bytes[range.lowerBound]))
        let isMarked = bytes[range.lowerBound] == 0x20 || isReplacement(bytes, range.lowerBound)
        let isWanted = settings.scheme == .always || settings.scheme == .first && first.lowerBound == 0
        let room = output.room(for: (range.count + 1) * replacement.count)
        var count = 0
        func append(_ byte: UInt8, _ source: Range<Int32>) {
            room.bytes[count] = byte
            room.starts[count] = source.lowerBound
            room.ends[count] = source.upperBound
            count += 1
        }
        if isWanted && !isMarked { for byte in replacement { append(byte, first) } }
        let (isIdentity, base, starts, ends) = (text.isIdentity, text.base, text.starts, text.ends)
        for position in range {
            let start = isIdentity ? base + Int32(truncatingIfNeeded: position) : starts[position]
            let source = start..<(isIdentity ? start + 1 : ends[position])
            if bytes[position] == 0x20 {
                for byte in replacement { append(byte, source) }
            } else {
                append(bytes[position], source)
            }
        }
        output.advance(count)
    }

    /// Whether the replacement stands at a position.
    @inline(__always)
    func isReplacement(_ bytes: UnsafePointer<UInt8>, _ position: Int) -> Bool {
        bytes[position] == replacement[0] && UTF8Scalars.decode(bytes, position).scalar == settings.replacement.value
    }

    /// What a token becomes in decoded text: spaces, except at the very beginning, where one was put.
    ///
    /// - Parameter isFirst: whether it is the first token that is decoded.
    func decoded(_ token: String, isFirst: Bool) -> String {
        var text = String.UnicodeScalarView()
        for scalar in token.unicodeScalars {
            if scalar != settings.replacement {
                text.append(scalar)
            } else if !isFirst || settings.scheme == .never {
                text.append(" ")
            }
        }
        return String(text)
    }
}
