import Foundation

/// Where the context has an answer.
enum AnswerPlacement {
    /// At its offset.
    case atOffset
    /// At its offset in the unit of the file, which is another in characters.
    case converted(Range<Int>)
    /// At this place and no other that its words or its offset would allow.
    case only(Range<Int>, isEqual: Bool)
    /// At several places, none of which its offset tells apart.
    case ambiguous([Range<Int>], areEqual: Bool)
    /// Nowhere.
    case absent
}

/// Where words stand in a context, in Unicode scalars.
package final class AnswerSearch {
    let context: [Unicode.Scalar]
    private lazy var folded = FoldedText(context)
    private var lastMap: (unit: OffsetUnit, map: OffsetMap)?

    init(_ context: String) { self.context = Array(context.unicodeScalars) }

    /// Whether the context has the words at `start`, scalar by scalar.
    func has(_ words: [Unicode.Scalar], at start: Int) -> Bool {
        guard start >= 0, start <= context.count, words.count <= context.count - start else { return false }
        return context[start..<(start + words.count)].elementsEqual(words)
    }

    /// Everywhere the context has an answer's words, scalar by scalar; where it nowhere does, what it has of them in
    /// other capitals, another Unicode normalisation, with other white space, quotes, dashes or invisible characters.
    func places(of answer: AnswerSpan) -> (ranges: [Range<Int>], areEqual: Bool) {
        let words = Array(answer.text.unicodeScalars)
        let equal = Self.occurrences(of: words, in: context).map { $0..<($0 + words.count) }
        return equal.isEmpty ? (similar(to: words), false) : (equal, true)
    }

    /// Where an answer stands, by its offset in the unit of the file, else by its words.
    func placement(of answer: AnswerSpan, unit: OffsetUnit) -> AnswerPlacement {
        let words = Array(answer.text.unicodeScalars)
        let candidates = map(unit).characters(at: answer.start)
        if !words.isEmpty, let start = candidates.first(where: { has(words, at: $0) }) {
            return start == answer.start ? .atOffset : .converted(start..<(start + words.count))
        }
        let (places, areEqual) = places(of: answer)
        // Similar words are the answer's own where they begin at its offset.
        let spaces = words.prefix { $0.properties.isWhitespace }.count
        let own = places.first { candidates.contains($0.lowerBound) || candidates.contains($0.lowerBound - spaces) }
        if let place = places.count == 1 ? places.first : own { return .only(place, isEqual: areEqual) }
        return places.isEmpty ? .absent : .ambiguous(places, areEqual: areEqual)
    }

    private func map(_ unit: OffsetUnit) -> OffsetMap {
        if let (known, map) = lastMap, known == unit { return map }
        let map = OffsetMap(context, unit: unit)
        lastMap = (unit, map)
        return map
    }

    private func similar(to words: [Unicode.Scalar]) -> [Range<Int>] {
        let words = FoldedText(words).trimmed
        return Self.occurrences(of: words, in: folded.scalars).compactMap { start in
            folded.range(of: start..<(start + words.count))
        }
    }

    /// The words of the context in a range of its scalars.
    func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(context[range])) }

    /// Everywhere a text has the words, places that overlap included, in time that grows with the sum of their lengths:
    /// a text and an answer of one letter repeated would otherwise take the product.
    ///
    /// - Source: Knuth, Morris and Pratt 1977, doi:10.1137/0206024.
    package static func occurrences(of words: [Unicode.Scalar], in text: [Unicode.Scalar]) -> [Int] {
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
