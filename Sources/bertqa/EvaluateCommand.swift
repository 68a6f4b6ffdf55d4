import ArgumentParser
import FineTuning
import QuestionAnswering
import SQuAD
import StrictJSON

/// `bertqa evaluate`
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Answer a dataset's questions and score the answers.",
        discussion: """
            Official scores compare words, in per cent; token scores are the tutorial's, as shares of 1: start and end tokens \
            found, and the overlap of tokens. --preset tutorial scores rows exactly as the tutorial does: questions of which an \
            answer is cut are left out, and count as nothing lost.

              bertqa evaluate --model run --data dev.json
              bertqa evaluate --model run --data dev.json --preset tutorial --max-length 256
            """)

    @Option(help: "A fine-tuned model: its folder, or its id on the Hugging Face hub.")
    var model: String

    @Option(help: "The SQuAD file to answer.")
    var data: String

    @Option(help: ArgumentHelp("tutorial: cut, decode and score rows as the tutorial does.", valueName: "preset"))
    var preset: TrainingPreset?

    @Option(help: ArgumentHelp("How start and end are chosen: joint, or argmax by themselves.", valueName: "decoding"))
    var decoding: SpanDecoding?

    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    func validate() throws {
        guard preset == .tutorial else { return }
        if decoding == .joint || (length.truncation ?? .longestFirst) != .longestFirst || length.docStride != nil {
            throw ValidationError("--preset tutorial decides --decoding, --truncation and --doc-stride; leave them out")
        }
    }

    func run() async throws {
        try await reportingErrors("evaluate") {
            let folder = try await ModelSource.folder(model)
            let report = try preset == .tutorial ? tutorialReport(folder) : usualReport(folder)
            try writeOutput(json ? JSONValue.object(JSONObject(report.members)).serialized() : report.text)
        }
    }

    private func usualReport(_ model: String) throws -> EvaluationReport {
        let run = try PredictionRun(
            model: model, data: data, length: length, options: options, decoding: decoding ?? .joint)
        let scores = SQuADMetrics.score(run.dataset, predictions: run.predictions.answers)
        let tokens = Evaluation.tokenScores(run.candidates, of: run.examples, tokenizer: run.tokenizer)
        return EvaluationReport(
            official: scores, tokenExactMatch: tokens.exactMatch, tokenF1: tokens.f1,
            questionsPerSecond: run.questionsPerSecond)
    }

    private func tutorialReport(_ model: String) throws -> EvaluationReport {
        let run = try LoadedRun(model: model, data: data, options: options)
        let features = length.features(preset: .tutorial)
        try features.validate(maxPositions: run.loaded.model.config.maxPositionEmbeddings)
        var meter = RowMeter()
        let result = try run.predictor.tutorialScores(run.examples, options: features) { meter.show(done: $0, of: $1) }
        meter.finish()
        var report = EvaluationReport(
            official: SQuADMetrics.score(run.dataset, predictions: result.texts),
            tokenExactMatch: result.scores.exactMatch, tokenF1: result.scores.f1,
            questionsPerSecond: Double(run.examples.count) / meter.seconds)
        report.tutorial = result.scores
        return report
    }
}

/// The figures of an evaluation, for people and as JSON.
private struct EvaluationReport {
    let official: Scores
    let tokenExactMatch: Double
    let tokenF1: Double
    let questionsPerSecond: Double
    var tutorial: TutorialScores?

    var members: [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("exact_match", .double(official.exactMatch)), ("f1", .double(official.f1)),
            ("token_exact_match", .double(tokenExactMatch)), ("token_f1", .double(tokenF1)),
            ("total", .int(official.total)), ("questions_per_second", .double(questionsPerSecond)),
        ]
        if let tutorial {
            members += [
                ("rows", .int(tutorial.rows)), ("dropped", .int(tutorial.dropped)),
                ("token_correct", .int(tutorial.tokenCorrect)),
            ]
        }
        return members
    }

    var text: String {
        var lines = [
            "questions          \(official.total), \(Figures.fixed(questionsPerSecond, 1)) a second",
            "exact match        \(Figures.fixed(official.exactMatch, 2)) %",
            "F1                 \(Figures.fixed(official.f1, 2)) %",
            "token exact match  \(Figures.fixed(tokenExactMatch, 4))",
            "token F1           \(Figures.fixed(tokenF1, 4))",
        ]
        if let tutorial {
            lines.append(
                "of which           \(tutorial.tokenCorrect) of \(2 * tutorial.rows) points over \(tutorial.rows) rows; "
                    + "\(tutorial.dropped) questions were left out, since an answer of theirs is cut: the token scores do "
                    + "not count them, exact match and F1 do")
        }
        return lines.joined(separator: "\n")
    }
}
