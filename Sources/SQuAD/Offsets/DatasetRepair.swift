/// Puts answers where their texts have them, and leaves out what cannot be used: `problems()` finds nothing in what
/// comes out.
///
/// An offset that counts something else than characters is converted. An answer that is not at its offset goes to the
/// one place that has its words; of several it goes to the first, and is called ambiguous. Where a text has the words
/// only in other capitals, another Unicode normalisation, with other white space, quotes, dashes or invisible
/// characters, the answer takes the text's own. An answer that the text does not have is removed, and a question with
/// it if it was the only one. Of questions with one id the first that can be used is kept.
public struct DatasetRepair: Sendable {
    /// What was done about a question.
    public struct Change: Sendable, Hashable, CustomStringConvertible {
        /// What sort of change it is.
        public enum Kind: String, Sendable, Hashable, CaseIterable {
            /// An answer went to where the text has it.
            case moved
            /// An offset that counted something else was converted.
            case converted
            /// An answer whose offset tells none of several places apart went to the first of them.
            case ambiguous
            /// An answer took the text's own spelling.
            case reworded
            /// An answer that cannot be used was removed; others are left.
            case answerRemoved = "answer_removed"
            /// The question cannot be used and was left out.
            case leftOut = "left_out"
        }

        /// The question's id.
        public let questionID: QuestionID
        /// What sort of change it is.
        public let kind: Kind
        /// What was done, in words.
        public let message: String

        /// One line for the user.
        public var description: String { "question \(questionID): \(message)" }
    }

    /// The ids of questions that were kept.
    private var kept: Set<QuestionID> = []

    private let unit: OffsetUnit
    private let isUnlabelled: Bool

    /// Nothing was repaired yet.
    ///
    /// - Parameters:
    ///   - unit: what the file's offsets count.
    ///   - isUnlabelled: whether questions without answers are kept, since none of the file has any.
    public init(unit: OffsetUnit = .characters, isUnlabelled: Bool = false) {
        (self.unit, self.isUnlabelled) = (unit, isUnlabelled)
    }

    /// A paragraph with what can be used of it, perhaps no question at all, and what was done about the others.
    public mutating func repair(_ paragraph: Paragraph) -> (paragraph: Paragraph, changes: [Change]) {
        let search = AnswerSearch(paragraph.context)
        var result = Paragraph(context: paragraph.context, questions: [])
        var changes: [Change] = []
        for question in paragraph.questions {
            let (repaired, done) = withPlacedAnswers(question, search)
            // What cannot be repaired is reported as it was in the file.
            var problems = DatasetFindings.problems(
                of: repaired ?? question, search, unit: repaired == nil ? unit : .characters,
                isNew: !kept.contains(question.id))
            if isUnlabelled { problems.removeAll { $0.kind == .noAnswer } }
            if let repaired, problems.isEmpty {
                kept.insert(question.id)
                result.questions.append(repaired)
                changes += done
            } else {
                let reason = problems.first?.message ?? "no answer is left"
                changes.append(Change(questionID: question.id, kind: .leftOut, message: "left out: \(reason)"))
            }
        }
        return (result, changes)
    }

    /// A question whose answers are where the context has them; nil if it has answers, and the context none of them.
    private func withPlacedAnswers(_ question: Question, _ search: AnswerSearch) -> (Question?, [Change]) {
        var (result, changes) = (question, [Change]())
        result.answers = question.answers.compactMap { answer in
            guard let (placed, kind, message) = place(answer, search) else { return answer }
            changes.append(Change(questionID: question.id, kind: kind, message: message))
            return placed
        }
        return (result.answers.isEmpty && !question.answers.isEmpty ? nil : result, changes)
    }

    /// An answer as the context has it, nil if it does not, and what was done; nil if it is at its offset.
    private func place(_ answer: AnswerSpan, _ search: AnswerSearch) -> (AnswerSpan?, Change.Kind, String)? {
        let quoted = "\"\(answer.text)\""
        func placed(_ range: Range<Int>) -> AnswerSpan { AnswerSpan(text: search.text(range), start: range.lowerBound) }
        switch search.placement(of: answer, unit: unit) {
        case .atOffset: return nil
        case .converted(let place):
            return (placed(place), .converted, "\(quoted) converted from \(answer.start) to \(place.lowerBound)")
        case .only(let place, isEqual: true):
            let message = answer.start >= 0 ? "\(quoted) moved from \(answer.start) to" : "\(quoted) put at"
            return (placed(place), .moved, "\(message) \(place.lowerBound)")
        case .only(let place, isEqual: false):
            return (placed(place), .reworded, "\(quoted) became \"\(search.text(place))\" at \(place.lowerBound)")
        case .ambiguous(let places, let areEqual):
            let place = places[0]
            let message =
                areEqual ? "put at \(place.lowerBound)" : "became \"\(search.text(place))\" at \(place.lowerBound)"
            let offset = answer.start >= 0 ? "; its offset \(answer.start) fits none of them" : ""
            return (
                placed(place), .ambiguous, "\(quoted) \(message), the first of \(places.count) places\(offset)"
            )
        case .absent:
            return (nil, .answerRemoved, "the answer \(quoted) was removed: the context does not contain it")
        }
    }
}
