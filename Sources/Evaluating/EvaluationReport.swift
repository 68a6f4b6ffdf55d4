import Charts
import Console
import QuestionAnswering
import SQuAD
import StrictJSON

/// The figures of an evaluation, as text and as JSON.
package struct EvaluationReport {
    /// The official scores.
    package let official: Scores
    private let tokens: TokenScores
    private let questionsPerSecond: Double
    private var tutorial: TutorialScores?
    private var noAnswerThreshold: Double?
    private var confidence: ConfidenceReport?
    private let rules: ScoringRules

    /// The scores of predictions: those of SQuAD 2.0 if the dataset says for each question whether it has an answer.
    ///
    /// - Parameter rules: how answers are compared.
    package init(_ run: DatasetPrediction, rules: ScoringRules = .squad) {
        self.rules = rules
        official =
            run.dataset.isVersion2
            ? SQuADMetrics.score(
                run.dataset, predictions: run.forcedAnswers, noAnswer: run.noAnswerProbabilities,
                threshold: run.noAnswerThreshold ?? 1, rules: rules)
            : SQuADMetrics.score(run.dataset, predictions: run.answers, rules: rules)
        tokens = run.tokenScores
        questionsPerSecond = run.questionsPerSecond
        noAnswerThreshold = run.noAnswerThreshold
        confidence = ConfidenceReport(run, rules: rules)
    }

    /// The reliability chart of the scores; nil for the tutorial's procedure, which has no scores.
    package var chart: ReliabilityChart? { confidence?.chart }

    /// The scores of the tutorial's procedure, which cuts and leaves out rows.
    ///
    /// - Throws: `DatasetError`, `ReaderError`, and what the model throws.
    package init(
        tutorialOf models: [String], data: String, options: PredictionOptions, rules: ScoringRules = .squad
    ) throws {
        self.rules = rules
        let dataset = try Dataset(path: data)
        try DatasetExtent(dataset).requireAnswers(data)
        let examples = dataset.examples()
        let loaded = try options.load(models)
        let options = try options.fitted(to: loaded)
        var meter = RowMeter()
        defer { meter.finish() }
        let result = try options.predictor(loaded).tutorialScores(examples, options: options.features) {
            meter.show(done: $0, of: $1)
        }
        official = SQuADMetrics.score(dataset, predictions: result.texts, rules: rules)
        tokens = TokenScores(exactMatch: result.scores.exactMatch, f1: result.scores.f1)
        questionsPerSecond = Double(examples.count) / meter.seconds
        tutorial = result.scores
    }

    /// The object that `evaluate --json` prints.
    package var json: JSONValue {
        var members = official.members + rules.members
        members += [
            ("token_exact_match", .double(tokens.exactMatch)), ("token_f1", .double(tokens.f1)),
            ("questions_per_second", .double(questionsPerSecond)),
        ]
        if let noAnswerThreshold { members.append(("no_answer_threshold", .double(noAnswerThreshold))) }
        if let confidence { members += confidence.members }
        if let tutorial {
            members += [
                ("rows", .int(tutorial.rows)), ("dropped", .int(tutorial.dropped)),
                ("token_correct", .int(tutorial.tokenCorrect)),
            ]
        }
        return .object(JSONObject(members))
    }

    /// The same as text.
    package var text: String {
        var lines = official.lines(speed: questionsPerSecond) + rules.lines
        if let noAnswerThreshold {
            lines.append(
                "left unanswered    if the no-answer probability is above \(Figures.fixed(noAnswerThreshold, 4))")
        }
        lines += [
            "token exact match  \(Figures.fixed(tokens.exactMatch, 4))",
            "token F1           \(Figures.fixed(tokens.f1, 4))",
        ]
        if let confidence { lines += confidence.lines }
        if let tutorial {
            lines.append(
                "of which           \(tutorial.tokenCorrect) of \(2 * tutorial.rows) points over \(tutorial.rows) "
                    + "rows; \(tutorial.dropped) questions were left out because their answer is cut; token scores "
                    + "ignore them, exact match and F1 count them")
        }
        return lines.joined(separator: "\n")
    }
}
