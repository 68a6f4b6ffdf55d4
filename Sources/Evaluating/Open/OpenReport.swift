import Charts
import Console
import QuestionAnswering
import SQuAD
import StrictJSON

/// The figures of an evaluation on all paragraphs of a file, as text and as JSON.
package struct OpenReport {
    private let run: OpenEvaluation
    private let scores: Scores
    private let told: Scores
    private let confidence: ConfidenceReport
    private let rules: ScoringRules

    /// - Parameter rules: how answers are compared.
    package init(_ run: OpenEvaluation, rules: ScoringRules = .squad) {
        (self.run, self.rules) = (run, rules)
        scores = SQuADMetrics.score(run.dataset, predictions: run.answers, rules: rules)
        let questions = SQuADMetrics.questionScores(run.dataset, predictions: run.answers, rules: rules)
        let right = Dictionary(questions.map { ($0.id, $0.exactMatch > 0) }) { first, _ in first }
        confidence = ConfidenceReport(
            Reliability(
                run.questions.map { Reliability.Outcome(score: $0.score, isRight: right[$0.id] ?? false) }),
            isCalibrated: run.isCalibrated)
        told = SQuADMetrics.score(run.dataset, predictions: run.toldAnswers, rules: rules)
    }

    /// The reliability chart of the scores.
    package var chart: ReliabilityChart? { confidence.chart }

    /// The share of questions that satisfy a condition, in per cent.
    private func share(_ condition: (OpenQuestion) -> Bool) -> Double {
        100 * Double(run.questions.count(where: condition)) / Double(max(1, run.questions.count))
    }

    private var recallAt1: Double { share { $0.isFound(among: 1) } }
    private var recallAt10: Double { share { $0.isFound(among: 10) } }
    private var rightPassage: Double { share(\.isFromRightPassage) }

    /// The object that `evaluate --open --json` prints.
    package var json: JSONValue {
        let members: [(String, JSONValue)] =
            [
                ("recall_at_1", .double(recallAt1)), ("recall_at_10", .double(recallAt10)),
                ("right_passage", .double(rightPassage)),
            ] + scores.members + rules.members + [
                ("told_exact_match", .double(told.exactMatch)), ("told_f1", .double(told.f1)),
                ("passages", .int(run.passageCount)), ("questions_per_second", .double(run.questionsPerSecond)),
                ("passages_per_second", .double(run.passagesPerSecond)), ("passage_ranking", run.ranking.json),
            ] + confidence.members
        return .object(JSONObject(members))
    }

    /// The same as text.
    package var text: String {
        let lines =
            scores.lines(speed: run.questionsPerSecond) + rules.lines + [
                "of the answers     \(Figures.fixed(rightPassage, 1)) % stand in the question's own paragraph",
                "first passage      right for \(Figures.fixed(recallAt1, 1)) % of the questions, of "
                    + Figures.count(run.passageCount, "passage"),
                "ten passages       have the right one for \(Figures.fixed(recallAt10, 1)) %",
                "told the passage   exact match \(Figures.fixed(told.exactMatch, 2)) %, F1 "
                    + "\(Figures.fixed(told.f1, 2)) %",
                "ranking            logits \(run.ranking)",
            ] + confidence.lines
        return lines.joined(separator: "\n")
    }
}
