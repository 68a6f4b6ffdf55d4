import StrictJSON

/// An answer as a dataset has it: its words and their place in the context.
public struct AnswerSpan: Sendable, Hashable {
    /// The words of the context.
    public var text: String
    /// Where they begin in the context, in Unicode scalars (as Python counts).
    public var start: Int

    /// An answer that begins at scalar `start` of its context.
    public init(text: String, start: Int) {
        self.text = text
        self.start = start
    }
}

/// What names a question in predictions and messages. Ids that differ in a byte are different ids, as in Python.
public typealias QuestionID = ExactString

/// A question about a context.
public struct Question: Sendable, Hashable {
    /// What names the question in predictions and messages.
    public var id: QuestionID
    /// The question.
    public var question: String
    /// The acceptable answers; in SQuAD 2.0 none if the context has no answer.
    public var answers: [AnswerSpan]
    /// SQuAD 2.0: whether the context has no answer; nil in files of version 1.
    public var isImpossible: Bool?
    /// SQuAD 2.0: answers that only look right.
    public var plausibleAnswers: [AnswerSpan]

    /// A question of version 1.1.
    public init(id: QuestionID, question: String, answers: [AnswerSpan]) {
        self.init(id: id, question: question, answers: answers, isImpossible: nil, plausibleAnswers: [])
    }

    /// A question of version 2.0, or of 1.1 if `isImpossible` is nil.
    public init(
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
    /// Whether the file has the answer, or says that there is none.
    public var isLabelled: Bool { !answers.isEmpty || isImpossible != nil }
}

/// A context with its questions.
public struct Paragraph: Sendable, Hashable {
    /// The text that the answers stand in.
    public var context: String
    /// The questions about it.
    public var questions: [Question]

    /// A paragraph with its questions.
    public init(context: String, questions: [Question]) {
        self.context = context
        self.questions = questions
    }
}

/// The paragraphs of one source.
public struct Article: Sendable, Hashable {
    /// The article's title; empty if the file has none.
    public var title: String
    /// Its paragraphs.
    public var paragraphs: [Paragraph]

    /// An article with its paragraphs.
    public init(title: String, paragraphs: [Paragraph]) {
        self.title = title
        self.paragraphs = paragraphs
    }
}

/// A question-answering dataset in the format of SQuAD v1.1 or v2.0.
///
/// - Source: https://rajpurkar.github.io/SQuAD-explorer/
public struct Dataset: Sendable, Hashable {
    /// The version in the file, such as `1.1`.
    public var version: String?
    /// The articles in the order of the file.
    public var articles: [Article]
    /// How many questions had no id in the file and are called by their number; datasets that differ in it alone are
    /// equal.
    public internal(set) var namelessQuestions = 0

    /// A dataset made in memory.
    public init(version: String? = "1.1", articles: [Article]) {
        self.version = version
        self.articles = articles
    }

    /// Whether version and articles are the same.
    public static func == (left: Dataset, right: Dataset) -> Bool {
        left.version == right.version && left.articles == right.articles
    }

    /// Hashes version and articles.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(version)
        hasher.combine(articles)
    }

    /// The number of questions in all paragraphs.
    public var questionCount: Int {
        articles.reduce(0) { $0 + $1.paragraphs.reduce(0) { $0 + $1.questions.count } }
    }

    /// Whether the file says for its questions if they have an answer, as SQuAD 2.0 does; they are then scored by its
    /// rules.
    public var isVersion2: Bool { contains { $0.isImpossible != nil } }

    /// Whether some texts have no answer to their question.
    public var hasImpossibleQuestions: Bool { contains { $0.isImpossible == true && $0.answers.isEmpty } }

    private func contains(_ condition: (Question) -> Bool) -> Bool {
        articles.contains { $0.paragraphs.contains { $0.questions.contains(where: condition) } }
    }

    /// The number of paragraphs in all articles.
    public var paragraphCount: Int { articles.reduce(0) { $0 + $1.paragraphs.count } }
}
