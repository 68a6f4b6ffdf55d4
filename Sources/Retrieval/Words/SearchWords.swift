/// Words as the full-text index sees them.
package enum SearchWords {
    /// The most words of a question that are searched.
    package static let limit = 64

    /// A text for the index: characters of scripts without spaces stand alone, as in BERT's tokens, so that they can be
    /// found.
    package static func indexed(_ text: Substring.UnicodeScalarView) -> String {
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

    /// The distinct words of a question in lower case, as many as are searched. They have only letters, digits and
    /// marks, so that no word is syntax in any query language.
    package static func words(_ question: String) -> [String] {
        var words = DistinctWords()
        for scalar in question.lowercased().unicodeScalars {
            if scalar.isCJK || scalar.isKana {
                words.closeWord()
                words.append(scalar)
                words.closeWord()
            } else if isWordPart(scalar) {
                words.append(scalar)
            } else {
                words.closeWord()
            }
            if words.found.count == limit { break }
        }
        words.closeWord()
        return Array(words.found.prefix(limit))
    }

    /// Words in the order in which they first occur.
    private struct DistinctWords {
        private(set) var found: [String] = []
        private var known: Set<String> = []
        private var word = String.UnicodeScalarView()

        mutating func append(_ scalar: Unicode.Scalar) { word.append(scalar) }

        mutating func closeWord() {
            guard !word.isEmpty else { return }
            let text = String(word)
            word = String.UnicodeScalarView()
            if known.insert(text).inserted { found.append(text) }
        }
    }

    /// Whether a scalar is a part of a word: a letter, a digit or a mark.
    static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            true
        default: false
        }
    }
}
