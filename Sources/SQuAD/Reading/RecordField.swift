/// What a field of a record holds, whatever a file calls it.
enum RecordField: Hashable {
    case id, title, context, question
    /// Answers, in any of the forms that `AnswerForms` reads.
    case answers
    /// The words of one answer.
    case answer
    /// The offset, or offsets, of answers that come without.
    case answerStart
    /// Columns `answers.text` and `answers.answer_start`, which flattening makes of `answers`.
    case answersText, answersStart
    /// MRQA's answers with the places where the context has them.
    case detectedAnswers
    case plausibleAnswers, isImpossible
    /// A paragraph's questions.
    case questions
    /// An article's paragraphs.
    case paragraphs
    /// What a document lists.
    case data
    case version
    /// The context, or an answer's words beside a context.
    case text
    /// Label Studio's answers.
    case annotations

    /// What a name stands for; nil for a field that is not read.
    ///
    /// Capitals, underscores, hyphens, dots and spaces don't count. Of two fields of one kind the one with the lower
    /// rank is read: `id` before `qid`.
    static func named(_ name: String) -> (field: RecordField, rank: Int)? {
        names[name] ?? names[normalized(name)]
    }

    /// A name as it is compared.
    static func normalized(_ name: String) -> String {
        String(String.UnicodeScalarView(name.lowercased().unicodeScalars.filter { !ignored.contains($0) }))
    }

    private static let ignored: Set<Unicode.Scalar> = ["_", "-", ".", " ", "\t", "\r", "\n", "\u{A0}", "\u{FEFF}"]

    private static let names: [String: (field: RecordField, rank: Int)] = [
        "id": (.id, 0), "qid": (.id, 1), "questionid": (.id, 1), "queryid": (.id, 1), "qasid": (.id, 1),
        "exampleid": (.id, 2), "uid": (.id, 2), "guid": (.id, 2),
        "title": (.title, 0),
        "context": (.context, 0), "contexttext": (.context, 1), "passage": (.context, 1),
        "passagetext": (.context, 1), "paragraphtext": (.context, 1), "documenttext": (.context, 2),
        "question": (.question, 0), "questiontext": (.question, 1), "query": (.question, 1),
        "querytext": (.question, 1),
        "answers": (.answers, 0), "answer": (.answer, 0), "answertext": (.answer, 0),
        "answerstart": (.answerStart, 0), "answerstarts": (.answerStart, 1), "answersstart": (.answerStart, 1),
        "answerstext": (.answersText, 0), "answersanswerstart": (.answersStart, 0),
        "detectedanswers": (.detectedAnswers, 0), "plausibleanswers": (.plausibleAnswers, 0),
        "isimpossible": (.isImpossible, 0), "impossible": (.isImpossible, 1),
        "qas": (.questions, 0), "questions": (.questions, 1), "questionanswers": (.questions, 1),
        "paragraphs": (.paragraphs, 0), "data": (.data, 0), "version": (.version, 0),
        "text": (.text, 0), "annotations": (.annotations, 0),
    ]
}
