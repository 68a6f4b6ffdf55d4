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
        output.reserve((range.count + 1) * replacement.count)
        let first = text.source(range.lowerBound, range.lowerBound + UTF8Scalars.length(bytes[range.lowerBound]))
        let isMarked = bytes[range.lowerBound] == 0x20 || isReplacement(bytes, range.lowerBound)
        if !isMarked && (settings.scheme == .always || settings.scheme == .first && first.lowerBound == 0) {
            for byte in replacement { output.append(byte, first.lowerBound, first.upperBound) }
        }
        for position in range {
            let source = text.source(position, position + 1)
            if bytes[position] == 0x20 {
                for byte in replacement { output.append(byte, source.lowerBound, source.upperBound) }
            } else {
                output.append(bytes[position], source.lowerBound, source.upperBound)
            }
        }
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
