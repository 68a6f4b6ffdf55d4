import QuestionAnswering
import Retrieval

/// How the questions of a dataset are asked of all its paragraphs.
package struct OpenOptions: Sendable {
    /// How the model reads.
    package var reader = ReaderOptions()
    /// An encoder's folder, whose vectors find passages beside words; nil finds by words alone.
    package var encoder: String?
    /// How words are compared.
    package var language = SearchLanguage.english
    /// Passages that the model reads for a question.
    package var passages = 10
    /// How many questions are asked, spread evenly over the file; nil asks all.
    package var sample: Int?
    /// What the model's own ranking is replaced with; nil takes what it stores.
    package var ranking: PassageRanking?

    /// The usual options.
    package init() {}
}
