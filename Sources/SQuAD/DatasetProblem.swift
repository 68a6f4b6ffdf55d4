/// Something wrong with one question of a dataset.
package struct DatasetProblem: Sendable, Hashable, CustomStringConvertible {
    /// What sort of problem it is.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Two questions have one id.
        case duplicateID = "duplicate_id"
        /// The id is empty.
        case emptyID = "empty_id"
        /// The question is empty or blank.
        case emptyQuestion = "empty_question"
        /// The context is empty or blank.
        case emptyContext = "empty_context"
        /// The question has no answer, and the file does not call it impossible.
        case noAnswer = "no_answer"
        /// The file calls the question impossible, and gives answers.
        case impossibleWithAnswer = "impossible_with_answer"
        /// An answer has no text.
        case emptyAnswer = "empty_answer"
        /// An answer's offset is negative.
        case negativeOffset = "negative_offset"
        /// An answer's offset lies behind the context.
        case offsetOutside = "offset_outside"
        /// The context has something else at an answer's offset.
        case misplacedAnswer = "misplaced_answer"
    }

    /// The question's id.
    package let questionID: QuestionID
    /// What sort of problem it is.
    package let kind: Kind
    /// What is wrong, and where the answer is instead if it can be found.
    package let message: String
    /// Whether training has to leave the question out: its first answer or its text cannot be used.
    package let preventsTraining: Bool

    /// One line for the user.
    package var description: String { "question \(questionID): \(message)" }
}

extension Dataset {
    /// Everything that is wrong with single questions, in the order of the file.
    package func problems() -> [DatasetProblem] {
        var findings = DatasetFindings()
        for article in articles {
            for paragraph in article.paragraphs { findings.add(paragraph) }
        }
        return findings.problems
    }
}

/// What is wrong with the questions of a dataset that is looked at a paragraph at a time; of what was looked at only the ids are kept.
package struct DatasetFindings: Sendable {
    /// Everything that is wrong with single questions, in the order of the file.
    package private(set) var problems: [DatasetProblem] = []
    /// The number of paragraphs that were looked at.
    package private(set) var paragraphs = 0
    /// The number of questions that were looked at.
    package private(set) var questions = 0
    private var seen: Set<QuestionID> = []

    /// Nothing was looked at yet.
    package init() {}

    /// Looks at a paragraph's questions.
    package mutating func add(_ paragraph: Paragraph) {
        let search = AnswerSearch(paragraph.context)
        paragraphs += 1
        questions += paragraph.questions.count
        for question in paragraph.questions {
            problems += Self.problems(of: question, search, isNew: seen.insert(question.id).inserted)
        }
    }

    /// What is wrong with one question.
    ///
    /// - Parameter isNew: whether no question before has its id.
    static func problems(of question: Question, _ search: AnswerSearch, isNew: Bool) -> [DatasetProblem] {
        var check = QuestionCheck(question: question, search: search)
        check.run(isNew: isNew)
        return check.problems
    }
}

/// The checks of one question.
private struct QuestionCheck {
    let question: Question
    let search: AnswerSearch
    var problems: [DatasetProblem] = []

    init(question: Question, search: AnswerSearch) {
        self.question = question
        self.search = search
    }

    mutating func run(isNew: Bool) {
        if question.id.text.isEmpty { add(.emptyID, "the id is empty", preventsTraining: false) }
        if !isNew {
            add(.duplicateID, "another question before has the same id; ids must differ", preventsTraining: true)
        }
        if question.question.unicodeScalars.allSatisfy(\.properties.isWhitespace) {
            add(.emptyQuestion, "the question is empty", preventsTraining: true)
        }
        if search.context.allSatisfy(\.properties.isWhitespace) {
            add(.emptyContext, "the context is empty", preventsTraining: true)
        }
        if question.answers.isEmpty, question.isImpossible != true {
            add(
                .noAnswer, "there is no answer; SQuAD 2.0 files mark that with \"is_impossible\": true",
                preventsTraining: true)
        }
        if question.isImpossible == true, !question.answers.isEmpty {
            add(
                .impossibleWithAnswer,
                "\"is_impossible\" is true, but there are answers; take away either (answers that only look right belong in "
                    + "\"plausible_answers\")", preventsTraining: true)
        }
        for (index, answer) in question.answers.enumerated() {
            check(answer, isTarget: index == 0)
        }
    }

    private mutating func check(_ answer: Answer, isTarget: Bool) {
        let text = Array(answer.text.unicodeScalars)
        guard !text.isEmpty else { return add(.emptyAnswer, "an answer has no text", preventsTraining: isTarget) }
        let (end, overflow) = answer.start.addingReportingOverflow(text.count)
        if answer.start < 0 {
            add(
                .negativeOffset,
                "answer \"\(answer.text)\" has the offset \(answer.start); \(whereabouts(answer))",
                preventsTraining: isTarget)
        } else if overflow || end > search.context.count {
            add(
                .offsetOutside,
                "answer \"\(answer.text)\" at offset \(answer.start) ends outside the context of \(search.context.count) "
                    + "characters; \(whereabouts(answer))",
                preventsTraining: isTarget)
        } else if !search.has(text, at: answer.start) {
            let there = search.text(answer.start..<end)
            add(
                .misplacedAnswer,
                "answer \"\(answer.text)\" is not at its offset \(answer.start), where the context has \"\(there)\"; "
                    + whereabouts(answer),
                preventsTraining: isTarget)
        }
    }

    /// Where the answer is instead.
    private func whereabouts(_ answer: Answer) -> String {
        let (places, areEqual) = search.places(of: answer)
        guard let place = AnswerSearch.nearest(to: answer.start, of: places) else {
            return "the context does not contain it"
        }
        if areEqual { return "it is at \(place.lowerBound)" }
        return
            "the context has it only as \"\(search.text(place))\", at \(place.lowerBound): \(difference(answer, place))"
    }

    /// What sets an answer apart from similar words of the context.
    private func difference(_ answer: Answer, _ place: Range<Int>) -> String {
        let words = search.text(place)
        // Swift's own comparison equates canonical equivalents (NFC and NFD).
        if answer.text == words { return "another Unicode normalisation (NFC, NFD)" }
        return answer.text.lowercased() == words.lowercased()
            ? "other capitals" : "other white space, or more than one difference"
    }

    private mutating func add(_ kind: DatasetProblem.Kind, _ message: String, preventsTraining: Bool) {
        problems.append(
            DatasetProblem(
                questionID: question.id, kind: kind, message: message, preventsTraining: preventsTraining))
    }
}
