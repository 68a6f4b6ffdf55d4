import QuestionAnswering

/// The sentence around an answer.
enum Sentence {
    /// What comes before the answer in its sentence, the answer, and what comes behind it.
    static func around(_ range: Range<Int>, in text: String) -> (before: String, answer: String, after: String) {
        let bytes = Array(text.utf8)
        var start = range.lowerBound
        while start > 0, !endsSentence(bytes, at: start - 1) { start -= 1 }
        var end = range.upperBound
        while end < bytes.count, !endsSentence(bytes, at: end) { end += 1 }
        // The full stop belongs to the sentence, a line break does not.
        if end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        let before = text.utf8Substring(start..<range.lowerBound)
        return (
            String(before.drop { $0.isWhitespace }), text.utf8Substring(range),
            text.utf8Substring(range.upperBound..<end)
        )
    }

    /// A line break, or a full stop, question or exclamation mark with white space behind it.
    private static func endsSentence(_ bytes: [UInt8], at index: Int) -> Bool {
        switch bytes[index] {
        case UInt8(ascii: "\n"): true
        case UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "!"):
            index + 1 == bytes.count || bytes[index + 1] == UInt8(ascii: " ") || bytes[index + 1] == UInt8(ascii: "\n")
        default: false
        }
    }
}
