/// How the words of documents and questions are made alike before they are compared.
package enum SearchLanguage: String, Sendable, Hashable, CaseIterable {
    /// Words by their stems (Porter's), so that "hunts" finds "hunted".
    case english = "en"
    /// Words as they are, without case and diacritics.
    case other
}
