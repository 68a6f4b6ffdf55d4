import ArgumentParser
import Files
import FineTuning
import Foundation
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

            Where the file says of each question whether it has an answer (SQuAD 2.0), the scores follow the rules of that \
            version, and the threshold that would score best is shown; --store-threshold keeps it in the model's config.json. \
            A threshold chosen and scored on the same questions flatters: choose it on others than those you report.

              bertqa evaluate --model run --data dev.json
              bertqa evaluate --model run --data dev.json --preset tutorial --max-length 256
            """)

    @Option(help: "A fine-tuned model: its folder, or its id on the Hugging Face hub.")
    var model: String

    @Option(help: "The dataset to answer; squad or squad_v2 for the official one, its dev part.")
    var data: String

    @Option(help: ArgumentHelp("tutorial: cut, decode and score rows as the tutorial does.", valueName: "preset"))
    var preset: TrainingPreset?

    @Option(help: ArgumentHelp("How start and end are chosen: joint, or argmax by themselves.", valueName: "decoding"))
    var decoding: SpanDecoding?

    @Flag(help: "Keep the threshold with the best F1 in the model's folder, for all later answers.")
    var storeThreshold = false

    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    func validate() throws {
        if storeThreshold, noAnswer.noAnswerThreshold != nil {
            throw ValidationError("--store-threshold looks for a threshold itself; leave --no-answer-threshold out")
        }
        guard preset == .tutorial else { return }
        if storeThreshold || noAnswer.noAnswerThreshold != nil {
            throw ValidationError("--preset tutorial knows no questions without an answer; leave its threshold out")
        }
        if decoding == .joint || (length.truncation ?? .longestFirst) != .longestFirst || length.docStride != nil {
            throw ValidationError("--preset tutorial decides --decoding, --truncation and --doc-stride; leave them out")
        }
    }

    func run() async throws {
        try await reportingErrors("evaluate") {
            let folder = try await ModelSource.folder(model, allowsPickle: options.allowPickle)
            let data = try await DatasetSource.path(data, .dev)
            let report = try preset == .tutorial ? tutorialReport(folder, data) : usualReport(folder, data)
            try writeOutput(json ? JSONValue.object(JSONObject(report.members)).serialized() : report.text)
        }
    }

    private func usualReport(_ model: String, _ data: String) throws -> EvaluationReport {
        let run = try PredictionRun(
            model: model, data: data, length: length, options: options, decoding: decoding ?? .joint,
            noAnswerThreshold: noAnswer.noAnswerThreshold)
        let scores =
            run.dataset.isVersion2
            ? SQuADMetrics.score(
                run.dataset, predictions: run.forcedAnswers, noAnswer: run.noAnswerProbabilities,
                threshold: run.noAnswerThreshold ?? 1)
            : SQuADMetrics.score(run.dataset, predictions: run.answers)
        let tokens = run.tokenScores
        if storeThreshold { try store(scores, in: model) }
        explainThreshold(run)
        var report = EvaluationReport(
            official: scores, tokenExactMatch: tokens.exactMatch, tokenF1: tokens.f1,
            questionsPerSecond: run.questionsPerSecond)
        report.noAnswerThreshold = run.noAnswerThreshold
        return report
    }

    private func store(_ scores: Scores, in folder: String) throws {
        guard let best = scores.thresholds?.f1, scores.noAnswer != nil, scores.hasAnswer != nil else {
            throw DatasetError(
                path: data,
                message: "--store-threshold needs questions with and without an answer, marked by \"is_impossible\"")
        }
        guard folder == model else {
            throw ValidationError(
                "--store-threshold changes a model's folder, and \(model) is the hub's; copy \(folder) and name the copy"
            )
        }
        try NoAnswerThreshold.store(best.threshold, in: folder)
        note("stored no_answer_threshold \(best.threshold) in \(folder)/config.json; the scores below are without it")
    }

    private func explainThreshold(_ run: PredictionRun) {
        if run.dataset.isVersion2, run.noAnswerThreshold == nil, !storeThreshold {
            note(
                "the model has no no_answer_threshold, so every question was answered; --store-threshold stores the best one"
            )
        }
        let left = run.dataset.isVersion2 ? 0 : run.answers.values.count { $0.isEmpty }
        if left > 0, run.noAnswerThreshold != nil {
            note(
                "left unanswered by the model's threshold: \(Figures.count(left, "question")); --no-answer-threshold 1 answers all"
            )
        }
    }

    private func note(_ line: String) { StandardError.write("note: \(line)\n") }

    private func tutorialReport(_ model: String, _ data: String) throws -> EvaluationReport {
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
    var noAnswerThreshold: Double?

    var members: [(String, JSONValue)] {
        var members = official.members
        members += [
            ("token_exact_match", .double(tokenExactMatch)), ("token_f1", .double(tokenF1)),
            ("questions_per_second", .double(questionsPerSecond)),
        ]
        if let noAnswerThreshold { members.append(("no_answer_threshold", .double(noAnswerThreshold))) }
        if let tutorial {
            members += [
                ("rows", .int(tutorial.rows)), ("dropped", .int(tutorial.dropped)),
                ("token_correct", .int(tutorial.tokenCorrect)),
            ]
        }
        return members
    }

    var text: String {
        var lines = official.lines(speed: questionsPerSecond)
        if let noAnswerThreshold {
            lines.append(
                "left unanswered    where having no answer is likelier than \(Figures.fixed(noAnswerThreshold, 4))")
        }
        lines += [
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
