/// Words as the full-text index sees them.
enum SearchWords {
    /// The most words of a question that are searched.
    static let limit = 64

    /// A text for the index: characters of scripts without spaces stand alone, as in BERT's tokens, so that they can be found.
    static func indexed(_ text: Substring.UnicodeScalarView) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text {
            if scalar.isCJK || scalar.isKana {
                result.append(contentsOf: [" ", scalar, " "])
            } else {
                // A NUL would end the text for SQLite.
                result.append(scalar == "\0" ? " " : scalar)
            }
        }
        return String(result)
    }

    /// An FTS5 query that finds passages with any of a question's words; nil if it has none.
    ///
    /// Every word is quoted, and quotes cannot be in a word: nothing of a question is read as FTS5's own syntax.
    static func query(_ question: String) -> String? {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        func close(_ words: inout [String], _ word: inout String.UnicodeScalarView) {
            let text = String(word)
            word = String.UnicodeScalarView()
            if !text.isEmpty, !words.contains(text) { words.append(text) }
        }
        for scalar in question.lowercased().unicodeScalars {
            if scalar.isCJK || scalar.isKana {
                close(&words, &word)
                word.append(scalar)
                close(&words, &word)
            } else if isWordPart(scalar) {
                word.append(scalar)
            } else {
                close(&words, &word)
            }
        }
        close(&words, &word)
        guard !words.isEmpty else { return nil }
        return words.prefix(limit).map { "\"\($0)\"" }.joined(separator: " OR ")
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            true
        default: false
        }
    }
}
