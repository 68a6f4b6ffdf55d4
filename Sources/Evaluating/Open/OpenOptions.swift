import QuestionAnswering
import Retrieval

/// How the questions of a dataset are answered from all of its paragraphs.
package struct OpenOptions: Sendable {
    /// How the model reads.
    package var reader = ReaderOptions()
    /// The folder of an encoder whose vectors find passages as well as words do; nil searches by words alone.
    package var encoder: String?
    /// How words are compared.
    package var language = SearchLanguage.english
    /// Passages that the model reads for a question.
    package var passages = 10
    /// How many questions are asked, spread evenly over the file; nil asks all.
    package var sample: Int?
    /// Replaces the model's ranking; nil takes the one that it stores.
    package var ranking: PassageRanking?

    /// The usual options.
    package init() {}
}
