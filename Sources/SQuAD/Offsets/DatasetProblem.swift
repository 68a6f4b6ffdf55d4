/// Something wrong with one question of a dataset.
public struct DatasetProblem: Sendable, Hashable, CustomStringConvertible {
    /// What sort of problem it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
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
        /// An answer's offset is after the end of the context.
        case offsetOutside = "offset_outside"
        /// The context has something else at an answer's offset.
        case misplacedAnswer = "misplaced_answer"
    }

    /// The question's id.
    public let questionID: QuestionID
    /// What sort of problem it is.
    public let kind: Kind
    /// What is wrong, and the answer's actual place if it can be found.
    public let message: String
    /// Whether training has to leave the question out: its first answer or its text cannot be used.
    public let preventsTraining: Bool

    /// One line for the user.
    public var description: String { "question \(questionID): \(message)" }
}

extension Dataset {
    /// Everything that is wrong with single questions, in the order of the file.
    public func problems() -> [DatasetProblem] {
        var survey = OffsetSurvey()
        for article in articles { article.paragraphs.forEach { survey.add($0) } }
        var findings = DatasetFindings(unit: survey.unit)
        for article in articles { article.paragraphs.forEach { findings.add($0) } }
        return findings.problems
    }
}

/// What is wrong with the questions of a dataset that is looked at a paragraph at a time; of what was looked at only
/// the ids are kept.
package struct DatasetFindings: Sendable {
    /// What is wrong, in the order of the file.
    package private(set) var problems: [DatasetProblem] = []
    /// The number of paragraphs that were looked at.
    package private(set) var paragraphs = 0
    /// The number of questions that were looked at.
    package private(set) var questions = 0
    private let unit: OffsetUnit
    private let isUnlabelled: Bool
    private var seen: Set<QuestionID> = []

    /// Nothing was looked at yet.
    ///
    /// - Parameters:
    ///   - unit: what the file's offsets count.
    ///   - isUnlabelled: whether nothing is wrong with questions without answers, since none of the file has any.
    package init(unit: OffsetUnit = .characters, isUnlabelled: Bool = false) {
        (self.unit, self.isUnlabelled) = (unit, isUnlabelled)
    }

    /// Looks at a paragraph's questions.
    package mutating func add(_ paragraph: Paragraph) {
        let search = AnswerSearch(paragraph.context)
        paragraphs += 1
        questions += paragraph.questions.count
        for question in paragraph.questions {
            let found = Self.problems(of: question, search, unit: unit, isNew: seen.insert(question.id).inserted)
            problems += isUnlabelled ? found.filter { $0.kind != .noAnswer } : found
        }
    }

    /// What is wrong with one question.
    ///
    /// - Parameter isNew: whether no question before has its id.
    static func problems(
        of question: Question, _ search: AnswerSearch, unit: OffsetUnit = .characters, isNew: Bool
    ) -> [DatasetProblem] {
        var check = QuestionCheck(question: question, search: search, unit: unit)
        check.run(isNew: isNew)
        return check.problems
    }
}

/// The checks of one question.
private struct QuestionCheck {
    let question: Question
    let search: AnswerSearch
    let unit: OffsetUnit
    var problems: [DatasetProblem] = []

    init(question: Question, search: AnswerSearch, unit: OffsetUnit) {
        (self.question, self.search, self.unit) = (question, search, unit)
    }

    mutating func run(isNew: Bool) {
        if question.id.text.isEmpty { add(.emptyID, "the id is empty", preventsTraining: false) }
        if !isNew {
            add(.duplicateID, "an earlier question has the same id; ids must differ", preventsTraining: true)
        }
        if question.question.isBlank { add(.emptyQuestion, "the question is empty", preventsTraining: true) }
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
                "\"is_impossible\" is true, but there are answers; remove either (answers that only look right "
                    + "belong in \"plausible_answers\")", preventsTraining: true)
        }
        for (index, answer) in question.answers.enumerated() { check(answer, isTarget: index == 0) }
    }

    private mutating func check(_ answer: AnswerSpan, isTarget: Bool) {
        let length = answer.text.unicodeScalars.count
        guard length > 0 else { return add(.emptyAnswer, "an answer has no text", preventsTraining: isTarget) }
        let placement = search.placement(of: answer, unit: unit)
        if case .atOffset = placement { return }
        let whereabouts = whereabouts(answer, placement)
        let (end, overflow) = answer.start.addingReportingOverflow(length)
        if answer.start < 0 {
            let offset = answer.start == AnswerSpan.unknownStart ? "no offset" : "the offset \(answer.start)"
            add(
                .negativeOffset, "answer \"\(answer.text)\" has \(offset); \(whereabouts)",
                preventsTraining: isTarget)
        } else if overflow || end > search.context.count {
            add(
                .offsetOutside,
                "answer \"\(answer.text)\" at offset \(answer.start) ends outside the context of "
                    + "\(search.context.count) characters; \(whereabouts)", preventsTraining: isTarget)
        } else {
            add(
                .misplacedAnswer,
                "answer \"\(answer.text)\" is not at its offset \(answer.start), where the context has "
                    + "\"\(search.text(answer.start..<end))\"; \(whereabouts)", preventsTraining: isTarget)
        }
    }

    /// Where the answer is instead.
    private func whereabouts(_ answer: AnswerSpan, _ placement: AnswerPlacement) -> String {
        switch placement {
        case .atOffset, .absent: return "the context does not contain it"
        case .converted(let place): return "the offset counts \(unit): in characters it is at \(place.lowerBound)"
        case .only(let place, isEqual: true): return "it is at \(place.lowerBound)"
        case .only(let place, isEqual: false): return "the context has it only as \(similar(answer, place))"
        case .ambiguous(let places, let areEqual):
            let some = places.prefix(5).map { "\($0.lowerBound)" } + (places.count > 5 ? ["..."] : [])
            let words = areEqual ? "it" : "it only as \(similar(answer, places[0])), or alike,"
            return "which one is meant is ambiguous: the context has \(words) at \(places.count) places "
                + "(\(some.joined(separator: ", ")))"
        }
    }

    /// Similar words of the context, where they are and what sets the answer apart from them.
    private func similar(_ answer: AnswerSpan, _ place: Range<Int>) -> String {
        let words = search.text(place)
        // Swift's own comparison equates canonical equivalents (NFC and NFD).
        let difference =
            if answer.text == words {
                "another Unicode normalisation (NFC, NFD)"
            } else if answer.text.lowercased() == words.lowercased() {
                "other capitals"
            } else {
                "other white space, quotes, dashes or invisible characters, or more than one difference"
            }
        return "\"\(words)\", at \(place.lowerBound): \(difference)"
    }

    private mutating func add(_ kind: DatasetProblem.Kind, _ message: String, preventsTraining: Bool) {
        problems.append(
            DatasetProblem(
                questionID: question.id, kind: kind, message: message, preventsTraining: preventsTraining))
    }
}
