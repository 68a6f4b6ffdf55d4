import Foundation
import SQuAD
import Testing

/// The outside data that some tests read.
enum Outside {
    /// The folder with train.json, dev.json and predictions/.
    static let squad = ProcessInfo.processInfo.environment["SQUAD_DIR"].map { URL(fileURLWithPath: $0) }
    static let hint: Comment = "SQUAD_DIR is not set: a folder with dev.json and predictions/"
}

/// Reads a document given as text.
func dataset(_ text: String) throws(DatasetError) -> Dataset {
    try Dataset(contents: Array(text.utf8), path: "sample.json")
}

/// The error that reading a document gives; nil if it gives none.
func failure(_ bytes: some Sequence<UInt8>) -> DatasetError? {
    do {
        _ = try Dataset(contents: Array(bytes), path: "sample.json")
        return nil
    } catch {
        return error
    }
}

/// A dataset of one question.
func dataset(context: String, question: Question) -> Dataset {
    Dataset(articles: [Article(title: "", paragraphs: [Paragraph(context: context, questions: [question])])])
}
