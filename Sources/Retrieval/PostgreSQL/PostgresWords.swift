import Foundation

/// Texts as PostgreSQL's parser gets them: words in lower case without diacritics, one blank between them, so that it
/// finds neither addresses nor numbers with signs, and no character that it has no kind for.
enum PostgresWords {
    static func text(_ text: some StringProtocol) -> String {
        let folded = text.lowercased().decomposedStringWithCanonicalMapping
        var result = String.UnicodeScalarView()
        for scalar in folded.unicodeScalars where scalar.properties.generalCategory != .nonspacingMark {
            if scalar.isCJK || scalar.isKana {
                if result.last != " " { result.append(" ") }
                result.append(scalar)
                result.append(" ")
            } else if SearchWords.isWordPart(scalar) {
                result.append(scalar)
            } else if result.last != " " {
                result.append(" ")
            }
        }
        return String(result)
    }
}
