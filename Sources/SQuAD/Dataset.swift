import StrictJSON

/// An answer as a dataset has it: words and where they stand in the context.
package struct AnswerSpan: Sendable, Hashable {
    /// The words of the context.
    package var text: String
    /// Where they begin in the context, in Unicode scalars (as Python counts).
    package var start: Int

    /// An answer that begins at scalar `start` of its context.
    package init(text: String, start: Int) {
        self.text = text
        self.start = start
    }
}

/// What names a question in predictions and messages. Ids that differ in a byte are different ids, as in Python.
package typealias QuestionID = ExactString

/// A question about a context.
package struct Question: Sendable, Hashable {
    /// What names the question in predictions and messages.
    package var id: QuestionID
    /// The question.
    package var question: String
    /// The acceptable answers; in SQuAD 2.0 none if the context has no answer.
    package var answers: [AnswerSpan]
    /// SQuAD 2.0: whether the context has no answer; nil in files of version 1.
    package var isImpossible: Bool?
    /// SQuAD 2.0: answers that only look right.
    package var plausibleAnswers: [AnswerSpan]

    /// A question of version 1.1.
    package init(id: QuestionID, question: String, answers: [AnswerSpan]) {
        self.init(id: id, question: question, answers: answers, isImpossible: nil, plausibleAnswers: [])
    }

    /// A question of version 2.0, or of 1.1 where `isImpossible` is nil.
    package init(
        id: QuestionID, question: String, answers: [AnswerSpan], isImpossible: Bool?, plausibleAnswers: [AnswerSpan]
    ) {
        self.id = id
        self.question = question
        self.answers = answers
        self.isImpossible = isImpossible
        self.plausibleAnswers = plausibleAnswers
    }
}

extension Question {
    /// Whether the file says what the answer is, or that there is none.
    package var isLabelled: Bool { !answers.isEmpty || isImpossible != nil }
}

/// A context with its questions.
package struct Paragraph: Sendable, Hashable {
    /// The text that the answers stand in.
    package var context: String
    /// The questions about it.
    package var questions: [Question]

    /// A paragraph with its questions.
    package init(context: String, questions: [Question]) {
        self.context = context
        self.questions = questions
    }
}

/// The paragraphs of one source.
package struct Article: Sendable, Hashable {
    /// What the article is called; empty if the file doesn't say.
    package var title: String
    /// Its paragraphs.
    package var paragraphs: [Paragraph]

    /// An article with its paragraphs.
    package init(title: String, paragraphs: [Paragraph]) {
        self.title = title
        self.paragraphs = paragraphs
    }
}

/// A question-answering dataset in the format of SQuAD v1.1 or v2.0.
///
/// - Source: https://rajpurkar.github.io/SQuAD-explorer/
package struct Dataset: Sendable, Hashable {
    /// What the file says of its version, such as `1.1`.
    package var version: String?
    /// The articles in the order of the file.
    package var articles: [Article]
    /// How many questions had no id in the file and are called by their number; datasets that differ in it alone are
    /// equal.
    package internal(set) var namelessQuestions = 0

    /// A dataset made in memory.
    package init(version: String? = "1.1", articles: [Article]) {
        self.version = version
        self.articles = articles
    }

    /// Whether version and articles are the same.
    package static func == (left: Dataset, right: Dataset) -> Bool {
        left.version == right.version && left.articles == right.articles
    }

    /// Hashes version and articles.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(version)
        hasher.combine(articles)
    }

    /// The number of questions in all paragraphs.
    package var questionCount: Int {
        articles.reduce(0) { $0 + $1.paragraphs.reduce(0) { $0 + $1.questions.count } }
    }

    /// Whether the file says of its questions if they have an answer, as SQuAD 2.0 does: then its rules score it.
    package var isVersion2: Bool { contains { $0.isImpossible != nil } }

    /// Whether some texts have no answer to their question.
    package var hasImpossibleQuestions: Bool { contains { $0.isImpossible == true && $0.answers.isEmpty } }

    private func contains(_ condition: (Question) -> Bool) -> Bool {
        articles.contains { $0.paragraphs.contains { $0.questions.contains(where: condition) } }
    }

    /// The number of paragraphs in all articles.
    package var paragraphCount: Int { articles.reduce(0) { $0 + $1.paragraphs.count } }
}
