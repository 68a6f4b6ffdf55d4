import QuestionAnswering
import SQuAD

/// A question that was answered from all paragraphs of its file.
package struct OpenQuestion: Sendable {
    /// Its id or key.
    package let id: QuestionID
    /// The answer; empty if there is none.
    package let answer: String
    /// The answer's score.
    package let score: Double
    /// Whether the answer is from the question's own paragraph.
    package let isFromRightPassage: Bool
    /// The passages that were found and read, in the order of the search, best first.
    package let passages: [OpenPassage]

    /// What was found for a question.
    package init(
        id: QuestionID, answer: String, score: Double, isFromRightPassage: Bool, passages: [OpenPassage]
    ) {
        (self.id, self.answer, self.score) = (id, answer, score)
        (self.isFromRightPassage, self.passages) = (isFromRightPassage, passages)
    }

    /// Whether a passage of the question's own paragraph is among the first `count` that were found.
    package func isFound(among count: Int) -> Bool { passages.prefix(count).contains(where: \.isRight) }
}

/// A passage that was found for a question and read.
package struct OpenPassage: Sendable, Hashable {
    /// Whether it is from the question's own paragraph.
    package let isRight: Bool
    /// How well search found that it fits.
    package let fit: PassageFit
    /// The model's reading of it.
    package let evidence: PassageEvidence
    /// The F1 of its best answer, 0 to 1.
    package let f1: Double

    /// A passage that was read.
    package init(isRight: Bool, fit: PassageFit, evidence: PassageEvidence, f1: Double) {
        (self.isRight, self.fit, self.evidence, self.f1) = (isRight, fit, evidence, f1)
    }
}
