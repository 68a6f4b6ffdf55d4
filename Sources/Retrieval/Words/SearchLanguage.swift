/// How the words of documents and questions are normalised before they are compared.
///
/// A case has the name of PostgreSQL's text search configuration, and its value is the language's code in ISO 639-1.
package enum SearchLanguage: String, Sendable, Hashable, CaseIterable {
    case arabic = "ar"
    case armenian = "hy"
    case basque = "eu"
    case catalan = "ca"
    case danish = "da"
    case dutch = "nl"
    case english = "en"
    case finnish = "fi"
    case french = "fr"
    case german = "de"
    case greek = "el"
    case hindi = "hi"
    case hungarian = "hu"
    case indonesian = "id"
    case irish = "ga"
    case italian = "it"
    case lithuanian = "lt"
    case nepali = "ne"
    case norwegian = "no"
    case portuguese = "pt"
    case romanian = "ro"
    case russian = "ru"
    case serbian = "sr"
    case spanish = "es"
    case swedish = "sv"
    case tamil = "ta"
    case turkish = "tr"
    case yiddish = "yi"
    /// Unstemmed words, without case and diacritics.
    case other
}
