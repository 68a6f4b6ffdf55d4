import QuestionAnswering
import StrictJSON

/// The record of one question: a line of a progress file, a member of each output.
package struct PredictionRecord: Sendable, Hashable {
    /// The question's id.
    package let id: String
    /// The answer's text; empty if the question is left unanswered.
    package let answer: String
    /// How likely the question is to have no answer, 0 to 1; 1 if it left no room for its text.
    package let noAnswerProbability: Double
    /// Text, probability and logit of each candidate, best first.
    package let candidates: JSONValue

    /// - Parameters:
    ///   - threshold: decides whether the question is answered; see `Prediction.answer(threshold:minScore:)`.
    ///   - minScore: as `threshold`.
    package init(_ predicted: PredictedExample, threshold: Double?, minScore: Double? = nil) {
        let (example, prediction) = (predicted.example, predicted.prediction)
        id = example.id.text
        answer =
            prediction?.answer(threshold: threshold, minScore: minScore)
            .map { example.context.utf8Substring($0.range) } ?? ""
        noAnswerProbability = prediction?.noAnswerProbability ?? 1
        candidates = .array(
            (prediction?.candidates ?? []).map { candidate in
                [
                    "text": .string(example.context.utf8Substring(candidate.range)),
                    "probability": .double(Double(candidate.probability)), "logit": .double(Double(candidate.logit)),
                ]
            })
    }

    /// What a line of a progress file says; nil if it is not one.
    init?(_ line: JSONValue) {
        guard let id = line["id"]?.string, let answer = line["answer"]?.string,
            let probability = line["no_answer"]?.double, let candidates = line["candidates"]
        else { return nil }
        (self.id, self.answer, noAnswerProbability, self.candidates) = (id, answer, probability, candidates)
    }

    /// The line without its end.
    var line: String {
        JSONValue.object([
            "id": .string(id), "answer": .string(answer), "no_answer": .double(noAnswerProbability),
            "candidates": candidates,
        ]).serialized()
    }
}
