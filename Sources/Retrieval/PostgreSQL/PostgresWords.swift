import Foundation

/// How PostgreSQL indexes words: by the rules for the database's language, and then without diacritics.
enum PostgresWords {
    /// The setting that names PostgreSQL's rules (a text search configuration).
    static let setting = "words"

    /// The rules that PostgreSQL would have for a language; not all versions have them.
    static func rules(_ language: SearchLanguage) -> String {
        language == .other ? withoutStems : String(describing: language)
    }

    /// Rules that leave words as they are.
    static let withoutStems = "simple"

    /// The words of a passage and its document's title as PostgreSQL's parser gets them.
    static func indexed(_ text: String, title: String?) -> String {
        (title.map { words($0) + " " } ?? "") + words(text)
    }

    /// A text in lower case, with one blank between words, so that the parser finds neither addresses nor numbers with
    /// signs, and no character that it has no kind for.
    static func words(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.lowercased().precomposedStringWithCanonicalMapping.unicodeScalars {
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

    /// The SQL of a `tsvector` of what `words` made of a text, which is the SQL `text`.
    ///
    /// Stemmers know the diacritics of their languages, so these go afterwards; a text is composed again, since a
    /// syllable of Korean would else be three letters.
    static func stems(_ text: String) -> String {
        """
        normalize(regexp_replace(normalize(to_tsvector(
            (SELECT ('pg_catalog.' || value)::regconfig FROM bertqa_setting WHERE name = '\(setting)'), \(text)
        )::text, NFD), '[\\u0300-\\u036F]', '', 'g'), NFC)::tsvector
        """
    }
}
