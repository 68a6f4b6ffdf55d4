import Foundation

/// Where words stand in a context, in Unicode scalars.
final class AnswerSearch {
    let context: [Unicode.Scalar]
    private lazy var folded = FoldedText(context)

    init(_ context: String) { self.context = Array(context.unicodeScalars) }

    /// Whether the context has the words at `start`, scalar by scalar.
    func has(_ words: [Unicode.Scalar], at start: Int) -> Bool {
        guard start >= 0, start <= context.count, words.count <= context.count - start else { return false }
        return context[start..<(start + words.count)].elementsEqual(words)
    }

    /// Everywhere the context has an answer's words, scalar by scalar; where it nowhere does, what it has of them in other capitals,
    /// another Unicode normalisation or with other white space.
    func places(of answer: Answer) -> (ranges: [Range<Int>], areEqual: Bool) {
        let words = Array(answer.text.unicodeScalars)
        let equal = Self.occurrences(of: words, in: context).map { $0..<($0 + words.count) }
        return equal.isEmpty ? (similar(to: words), false) : (equal, true)
    }

    private func similar(to words: [Unicode.Scalar]) -> [Range<Int>] {
        let words = FoldedText(words).trimmed
        return Self.occurrences(of: words, in: folded.scalars).compactMap { start in
            folded.range(of: start..<(start + words.count))
        }
    }

    /// The words of the context in a range of its scalars.
    func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(context[range])) }

    /// The place that begins nearest to an offset; of two the first.
    static func nearest(to start: Int, of places: [Range<Int>]) -> Range<Int>? {
        func distance(_ place: Range<Int>) -> UInt {
            let (difference, overflow) = place.lowerBound.subtractingReportingOverflow(start)
            return overflow ? .max : difference.magnitude
        }
        return places.min { distance($0) < distance($1) }
    }

    /// Everywhere a text has the words, places that overlap included, in time that grows with the sum of their lengths: a text and
    /// an answer of one letter repeated would otherwise take the product.
    ///
    /// - Source: Knuth, Morris and Pratt 1977, doi:10.1137/0206024.
    static func occurrences(of words: [Unicode.Scalar], in text: [Unicode.Scalar]) -> [Int] {
        guard !words.isEmpty, words.count <= text.count else { return [] }
        let borders = borders(of: words)
        var (places, matched) = ([Int](), 0)
        for (index, scalar) in text.enumerated() {
            while matched > 0, matched == words.count || words[matched] != scalar { matched = borders[matched - 1] }
            if words[matched] == scalar { matched += 1 }
            if matched == words.count { places.append(index + 1 - matched) }
        }
        return places
    }

    /// For each beginning of the words how much of it is its end again.
    private static func borders(of words: [Unicode.Scalar]) -> [Int] {
        var borders = Array(repeating: 0, count: words.count)
        var matched = 0
        for index in words.indices.dropFirst() {
            while matched > 0, words[matched] != words[index] { matched = borders[matched - 1] }
            if words[matched] == words[index] { matched += 1 }
            borders[index] = matched
        }
        return borders
    }
}

/// A text as it is compared where capitals, Unicode normalisation and white space don't count, with the way back.
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
                scalar.properties.lowercaseMapping.unicodeScalars.forEach { add($0, index) }
            } else {
                for part in String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars {
                    part.properties.lowercaseMapping.unicodeScalars.forEach { add($0, index) }
                }
            }
        }
        sortMarks()
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

    /// The scalars of the text that folded ones came from; nil where they are only a part of what was folded, or where marks before
    /// or behind belong to them.
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
