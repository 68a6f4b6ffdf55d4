/// How the words of documents and questions are normalised before they are compared.
package enum SearchLanguage: String, Sendable, Hashable, CaseIterable {
    /// The stems of English words (Porter's), so that "hunts" finds "hunted".
    case english = "en"
    /// Unstemmed words, without case and diacritics.
    case other
}
