/// The visible text of a page as it grows: white space is one blank, a line's end or an empty line, as elements ask.
struct HTMLOutput {
    private(set) var bytes: [UInt8] = []
    /// Whether white space counts as it is, in `pre`.
    var isVerbatim = false
    private var gap = Gap.none

    private enum Gap: Int, Comparable {
        case none, blank, line, paragraph

        static func < (left: Gap, right: Gap) -> Bool { left.rawValue < right.rawValue }

        var text: String {
            switch self {
            case .none: ""
            case .blank: " "
            case .line: "\n"
            case .paragraph: "\n\n"
            }
        }
    }

    /// Asks for a blank between what is there and what follows.
    mutating func endWord() { gap = max(gap, .blank) }
    /// Asks for a new line.
    mutating func endLine() { gap = max(gap, .line) }
    /// Asks for an empty line.
    mutating func endParagraph() { gap = max(gap, .paragraph) }

    /// Adds a scalar that the page has spelled out.
    mutating func append(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\u{A0}": space(0x20)
        case "\u{AD}": break
        case "\t", "\n", "\u{C}", "\r", " ": space(UInt8(scalar.value))
        default: for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { append(byte) }
        }
    }

    /// Adds text of the page.
    mutating func append(_ text: ArraySlice<UInt8>) {
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte >= 0x80, let invisible = Self.invisible(text[index...]) {
                if invisible.isBlank { space(0x20) }
                index += invisible.length
            } else {
                HTMLTag.isSpace(byte) ? space(byte) : append(byte)
                index += 1
            }
        }
    }

    private mutating func append(_ byte: UInt8) {
        // Control characters are shown by nobody.
        guard byte >= 0x20, byte != 0x7F else { return }
        if gap != .none, !bytes.isEmpty { bytes += gap.text.utf8 }
        gap = .none
        bytes.append(byte)
    }

    private mutating func space(_ byte: UInt8) {
        guard isVerbatim else { return endWord() }
        if byte == 0x0D { return }
        // The gap before it comes first; white space at the beginning of a text is left out.
        guard !bytes.isEmpty else { return }
        bytes += gap.text.utf8
        gap = .none
        bytes.append(byte)
    }

    /// A no-break space, which is a blank, or a soft hyphen, which is nothing, at the beginning of some text.
    private static func invisible(_ text: ArraySlice<UInt8>) -> (isBlank: Bool, length: Int)? {
        guard text.first == 0xC2, let second = text.dropFirst().first else { return nil }
        return second == 0xA0 ? (true, 2) : second == 0xAD ? (false, 2) : nil
    }
}
