import SQuAD

/// One question with its text, taken out of the nesting of a dataset.
package struct Example: Sendable {
    /// The question's name in predictions and messages: its id, or its key if others have the same id (`QuestionKeys`).
    package let id: QuestionID
    /// The question.
    package let question: String
    /// The text that holds the answer.
    package let context: String
    /// The acceptable answers; the first one is what training aims at.
    package let answers: [AnswerSpan]
    /// Whether the text has no answer, as SQuAD 2.0 files mark some questions.
    package let isImpossible: Bool
    /// The number of the paragraph in the dataset; questions with the same number share one text.
    package let paragraph: Int
}

extension Example {
    /// A question of the dataset's paragraph with that number.
    init(_ question: Question, key: QuestionID, of text: Paragraph, paragraph: Int) {
        self.init(
            id: key, question: question.question, context: text.context, answers: question.answers,
            isImpossible: question.isImpossible == true && question.answers.isEmpty, paragraph: paragraph)
    }
}

extension Paragraph {
    /// Its questions in the order of the file, which call it the dataset's paragraph with that number.
    package func examples(paragraph: Int) -> [Example] {
        questions.map { Example($0, key: $0.id, of: self, paragraph: paragraph) }
    }
}

extension Dataset {
    /// All questions in the order of the file.
    package func examples() -> [Example] {
        var result: [Example] = []
        var keys = QuestionKeys(self)
        var paragraph = 0
        for article in articles {
            for text in article.paragraphs {
                result += text.questions.map { question in
                    Example(question, key: keys.next(question.id), of: text, paragraph: paragraph)
                }
                paragraph += 1
            }
        }
        return result
    }
}
