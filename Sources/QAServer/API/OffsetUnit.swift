import QuestionAnswering

/// What the offsets of an answer count.
enum OffsetUnit: String, CaseIterable, Sendable {
    /// Unicode scalars, as Python counts.
    case unicode
    /// Bytes of UTF-8.
    case utf8
    /// Units of UTF-16, as JavaScript and Java count.
    case utf16

    /// How many units a text has.
    func count(_ text: String) -> Int {
        switch self {
        case .unicode: text.unicodeScalars.count
        case .utf8: text.utf8.count
        case .utf16: text.utf16.count
        }
    }

    /// Where an answer stands in its text.
    func range(of answer: Answer, in text: String) -> Range<Int> {
        switch self {
        case .unicode: return answer.range
        case .utf8: return answer.utf8Range
        case .utf16:
            let start = text.utf8.index(text.startIndex, offsetBy: answer.utf8Range.lowerBound)
            let end = text.utf8.index(start, offsetBy: answer.utf8Range.count)
            let first = text.utf16.distance(from: text.startIndex, to: start)
            return first..<(first + text.utf16.distance(from: start, to: end))
        }
    }
}
