/// GPT-2's division of text into words, which its byte-level vocabularies were made for:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
///
/// The first alternative that fits counts. Words follow one another without gaps: a space belongs to the word behind
/// it, and of several white-space characters all but the last are one word.
///
/// - Source: `ByteLevel` of tokenizers 0.23.1 (`tokenizers/src/pre_tokenizers/byte_level.rs`). What letters, numbers
///   and white space are is asked of the library by `Tools/make_unicode_tables.py`.
struct WordPattern: Sendable {
    private enum Kind {
        static let letter = RegexClass.letter.rawValue
        static let other = RegexClass.other.rawValue
        static let white = RegexClass.white.rawValue
        /// The space of ASCII.
        static let space: UInt8 = 0x10
        /// A byte of a character that has several.
        static let several: UInt8 = 0x20
    }

    private let kinds: [UInt8]
    private let table = UnicodeTable.shared

    init() {
        kinds = (0..<256).map { byte in
            if byte >= 0x80 { return Kind.several }
            return byte == 0x20 ? Kind.space : UnicodeTable.shared.regexClass(UInt32(byte)).rawValue
        }
    }

    /// Calls `body` with the beginning and the end of each word of the bytes from `start` up to `limit`.
    @inline(__always)
    func forEachWord(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ limit: Int, _ body: (_ start: Int, _ end: Int) -> Void
    ) {
        kinds.withUnsafeBufferPointer { kinds in
            var position = start
            while position < limit {
                let end = end(bytes, position, limit, kinds)
                body(position, end)
                position = end
            }
        }
    }

    /// Where the word that begins at `start` ends.
    @inline(__always)
    private func end(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ limit: Int, _ kinds: UnsafeBufferPointer<UInt8>
    ) -> Int {
        var position = start
        var kind = kinds[Int(bytes[position])]
        if kind == Kind.space {
            position += 1
            guard position < limit else { return position }
            kind = kinds[Int(bytes[position])]
        } else if bytes[position] == UInt8(ascii: "'"), let end = contraction(bytes, position, limit) {
            return end
        }
        if kind == Kind.several { kind = scalarKind(bytes, position).kind }
        if kind == Kind.space || kind == Kind.white { return whiteEnd(bytes, start, limit, kinds) }
        while position < limit {
            let byteKind = kinds[Int(bytes[position])]
            if byteKind == kind {
                position += 1
            } else {
                guard byteKind == Kind.several else { break }
                let scalar = scalarKind(bytes, position)
                guard scalar.kind == kind else { break }
                position = scalar.next
            }
        }
        return position
    }

    /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`, in small letters only.
    private func contraction(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ limit: Int) -> Int? {
        guard start + 1 < limit else { return nil }
        let first = bytes[start + 1]
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
            let second = first == UInt8(ascii: "l") ? first : UInt8(ascii: "e")
            return start + 2 < limit && bytes[start + 2] == second ? start + 3 : nil
        default: return nil
        }
    }

    /// The end of white space: of all of it at the end of the text, else of all but its last character if it has more
    /// than one.
    private func whiteEnd(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ limit: Int, _ kinds: UnsafeBufferPointer<UInt8>
    ) -> Int {
        var position = start
        var last = start
        while position < limit {
            let byteKind = kinds[Int(bytes[position])]
            var next = position + 1
            if byteKind == Kind.several {
                let scalar = scalarKind(bytes, position)
                guard scalar.kind == Kind.white else { break }
                next = scalar.next
            } else {
                guard byteKind == Kind.space || byteKind == Kind.white else { break }
            }
            last = position
            position = next
        }
        return position == limit || last == start ? position : last
    }

    private func scalarKind(_ bytes: UnsafePointer<UInt8>, _ position: Int) -> (kind: UInt8, next: Int) {
        let (scalar, next) = UTF8Scalars.decode(bytes, position)
        return (table.regexClass(scalar).rawValue, next)
    }
}
