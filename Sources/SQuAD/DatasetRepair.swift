/// Puts answers where their texts have them, and leaves out what cannot be used: `problems()` finds nothing in what comes out.
///
/// An answer goes to the place of the same words that is nearest to its offset. Where a text has the words only in other capitals,
/// another Unicode normalisation or with other white space, the answer takes the text's own. An answer that the text does not have
/// is taken away, and a question with it if it was the only one. Of questions with one id the first that can be used is kept.
package struct DatasetRepair: Sendable {
    /// What was done about a question.
    package struct Change: Sendable, Hashable, CustomStringConvertible {
        /// What sort of change it is.
        package enum Kind: String, Sendable, Hashable, CaseIterable {
            /// An answer went to where the text has it.
            case moved
            /// An answer whose offset was unknown went to the first of several places.
            case ambiguous
            /// An answer took the text's own spelling.
            case reworded
            /// An answer that cannot be used was taken away; others are left.
            case answerRemoved = "answer_removed"
            /// The question cannot be used and was left out.
            case leftOut = "left_out"
        }

        /// The question's id.
        package let questionID: QuestionID
        /// What sort of change it is.
        package let kind: Kind
        /// What was done, in words.
        package let message: String

        /// One line for the user.
        package var description: String { "question \(questionID): \(message)" }
    }

    /// The ids of questions that were kept.
    private var kept: Set<QuestionID> = []

    /// Nothing was repaired yet.
    package init() {}

    /// A paragraph with what can be used of it, perhaps no question at all, and what was done about the others.
    package mutating func repair(_ paragraph: Paragraph) -> (paragraph: Paragraph, changes: [Change]) {
        let search = AnswerSearch(paragraph.context)
        var result = Paragraph(context: paragraph.context, questions: [])
        var changes: [Change] = []
        for question in paragraph.questions {
            let (repaired, done) = Self.withPlacedAnswers(question, search)
            // What cannot be mended is told as it was in the file.
            let problems = DatasetFindings.problems(
                of: repaired ?? question, search, isNew: !kept.contains(question.id))
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
    private static func withPlacedAnswers(_ question: Question, _ search: AnswerSearch) -> (Question?, [Change]) {
        var (result, changes) = (question, [Change]())
        result.answers = question.answers.compactMap { answer in
            if !answer.text.isEmpty, search.has(Array(answer.text.unicodeScalars), at: answer.start) { return answer }
            let (placed, kind, message) = place(answer, search)
            changes.append(Change(questionID: question.id, kind: kind, message: message))
            return placed
        }
        return (result.answers.isEmpty && !question.answers.isEmpty ? nil : result, changes)
    }

    /// An answer as the context has it, nil if it does not, and what was done.
    private static func place(_ answer: Answer, _ search: AnswerSearch) -> (Answer?, Change.Kind, String) {
        let (places, areEqual) = search.places(of: answer)
        guard let place = AnswerSearch.nearest(to: answer.start, of: places) else {
            return (
                nil, .answerRemoved, "the answer \"\(answer.text)\" was taken away: the context does not contain it"
            )
        }
        let placed = Answer(text: search.text(place), start: place.lowerBound)
        var message = "\"\(answer.text)\" put at \(placed.start)"
        if !areEqual {
            message = "\"\(answer.text)\" became \"\(placed.text)\" at \(placed.start)"
        } else if answer.start >= 0 {
            message = "\"\(answer.text)\" moved from \(answer.start) to \(placed.start)"
        }
        if answer.start < 0, places.count > 1 {
            return (placed, .ambiguous, "\(message), the first of \(places.count) places")
        }
        return (placed, areEqual ? .moved : .reworded, message)
    }
}
