import Foundation

/// A text as it is compared where capitals, Unicode normalisation (compatibility's, with ligatures and full-width
/// letters), white space, the shape of quotes and dashes, and invisible characters don't count, with the way back.
struct FoldedText {
    /// Decomposed, in small letters, white space of any length as one space.
    private(set) var scalars: [Unicode.Scalar] = []
    /// Which scalar of the text each came from.
    private var sources: [Int] = []

    init(_ text: [Unicode.Scalar]) {
        scalars.reserveCapacity(text.count)
        sources.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            if scalar.properties.isWhitespace {
                if scalars.last != " " { add(" ", index) }
            } else if scalar.isASCII {
                let isQuote = scalar == "`"
                if isQuote {
                    add("'", index)
                } else {
                    scalar.properties.lowercaseMapping.unicodeScalars.forEach { add($0, index) }
                }
            } else if let plain = Self.plain(scalar) {
                add(plain, index)
            } else if !Self.isInvisible(scalar) {
                for part in String(scalar).decomposedStringWithCompatibilityMapping.unicodeScalars {
                    part.properties.lowercaseMapping.unicodeScalars.forEach { add($0, index) }
                }
            }
        }
        sortMarks()
    }

    /// The ASCII character that a quote or a dash stands for.
    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.value {
        case 0xB4, 0x2B9, 0x2BC, 0x2018...0x201B, 0x2032, 0x2039, 0x203A, 0xFF07: "'"
        case 0xAB, 0xBB, 0x201C...0x201F, 0x2033, 0x301D...0x301F, 0xFF02: "\""
        case 0x2010...0x2015, 0x2043, 0x2212, 0xFE58, 0xFE63, 0xFF0D: "-"
        default: nil
        }
    }

    /// Soft hyphens, zero-width spaces and joiners, marks of direction, variation selectors.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFE00...0xFE0F, 0xFEFF: true
        default: false
        }
    }

    private mutating func add(_ scalar: Unicode.Scalar, _ source: Int) {
        scalars.append(scalar)
        sources.append(source)
    }

    /// Puts marks that follow one another into canonical order.
    ///
    /// - Source: The Unicode Standard, section 3.11, D109.
    private mutating func sortMarks() {
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count, Self.order(scalars[end]) != 0 { end += 1 }
            if end - start > 1 {
                let marks = (start..<end).sorted { (Self.order(scalars[$0]), $0) < (Self.order(scalars[$1]), $1) }
                (scalars[start..<end], sources[start..<end]) = (
                    marks.map { scalars[$0] }[...], marks.map { sources[$0] }[...]
                )
            }
            start = end + 1
        }
    }

    /// The place of a mark among marks; 0 for what is none.
    private static func order(_ scalar: Unicode.Scalar) -> UInt8 {
        // The first mark is U+0300.
        scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
    }

    /// The folded scalars without a space at either end.
    var trimmed: [Unicode.Scalar] {
        let start = scalars.first == " " ? 1 : 0
        return Array(scalars.dropFirst(start).reversed().drop { $0 == " " }.reversed())
    }

    /// The scalars of the text that folded ones came from; nil if they are only a part of what was folded, or if marks
    /// before or behind belong to them.
    func range(of folded: Range<Int>) -> Range<Int>? {
        let (start, end) = (folded.lowerBound, folded.upperBound)
        if start > 0, sources[start - 1] == sources[start] || Self.order(scalars[start]) != 0 { return nil }
        if end < scalars.count,
            sources[end] == sources[end - 1] || scalars[end].properties.generalCategory == .nonspacingMark
        {
            return nil
        }
        // Of sorted marks the last need not have been the last of the text.
        let marks = (start..<end).reversed().prefix { Self.order(scalars[$0]) != 0 }
        let last = marks.reduce(sources[end - 1]) { max($0, sources[$1]) }
        return sources[start]..<(last + 1)
    }
}
