import QuestionAnswering
import Retrieval

/// Widens a place in a text to whole words, so that an answer does not begin or end inside one.
///
/// Words are BERT's: white space and punctuation divide them, and a CJK character is one by itself.
enum WordAlignment {
    /// - Parameter range: Unicode scalars of the text, not empty.
    static func align(_ range: Range<Int>, in scalars: String.UnicodeScalarView) -> Range<Int> {
        var start = scalars.index(scalars.startIndex, offsetBy: range.lowerBound)
        var end = scalars.index(start, offsetBy: range.count)
        var (first, last) = (range.lowerBound, range.upperBound)
        while start > scalars.startIndex, isInside(scalars[scalars.index(before: start)], scalars[start]) {
            start = scalars.index(before: start)
            first -= 1
        }
        while end < scalars.endIndex, end > scalars.startIndex,
            isInside(scalars[scalars.index(before: end)], scalars[end])
        {
            end = scalars.index(after: end)
            last += 1
        }
        return first..<last
    }

    private static func isInside(_ left: Unicode.Scalar, _ right: Unicode.Scalar) -> Bool {
        joins(left) && joins(right)
    }

    private static func joins(_ scalar: Unicode.Scalar) -> Bool {
        !(scalar.properties.isWhitespace || scalar.isBERTPunctuation || scalar.isCJK)
    }
}

extension Unicode.Scalar {
    /// Every ASCII sign that is neither letter nor digit counts as punctuation for BERT, and what Unicode calls so.
    var isBERTPunctuation: Bool {
        switch value {
        case 33...47, 58...64, 91...96, 123...126: return true
        default: break
        }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }
}
