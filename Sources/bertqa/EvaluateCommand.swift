import ArgumentParser
import Console
import Evaluating
import Files
import FineTuning
import QuestionAnswering
import SQuAD

/// `bertqa evaluate`
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Answer a dataset's questions and score the answers.",
        discussion: """
            The official scores compare words, in per cent. The token scores are those of the tutorial, from 0 to 1: \
            the share of start and end tokens that are right, and the overlap of tokens. --preset tutorial scores \
            rows exactly as the tutorial does: questions whose answer is cut are left out and do not lower the score.

            Where the file says for each question whether it has an answer (SQuAD 2.0), the scores follow the rules of \
            that \
            version, and the best threshold is shown; --store-threshold stores it in the model's config.json. A \
            threshold that is \
            chosen and scored on the same questions makes the score too good: choose it on questions that you do \
            not report.

            The calibration error is the distance between scores and the share of right answers; --reliability-chart \
            draws it, and the exact match of the surest answers.

            --open searches all paragraphs of the file for each answer, as bertqa serve searches its stored \
            documents, and prints how often the right passage is found, and how much the scores drop.

            --predictions-output and --references-output write what the metrics squad and squad_v2 of Python's \
            evaluate library take.

              bertqa evaluate --model run --data dev.json
              bertqa evaluate --model run --data dev.json --preset tutorial --max-length 256
              bertqa evaluate --model run --data dev.json --open
            """)

    @Option(help: .models, completion: .directory)
    var model: [String]

    @Option(help: "The dataset to answer; squad or squad_v2 for the official one, its dev part.", completion: .file())
    var data: String

    @Option(help: ArgumentHelp("tutorial: cut, decode and score rows as the tutorial does.", valueName: "preset"))
    var preset: TrainingPreset?

    @Option(
        help: ArgumentHelp(
            "How start and end are chosen: joint takes the best pair, argmax takes each separately.",
            valueName: "decoding"))
    var decoding: SpanDecoding?

    @Flag(help: "Store the threshold with the best F1 in the model's folder, for all later answers.")
    var storeThreshold = false

    @OptionGroup var answers: DecodingOptions
    @OptionGroup var metric: MetricOptions
    @OptionGroup var forms: MetricFormOptions
    @OptionGroup var reliability: ReliabilityOptions
    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions
    @OptionGroup(title: "Questions to all paragraphs") var open: OpenEvaluationOptions

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    func validate() throws {
        if storeThreshold, noAnswer.noAnswerThreshold != nil || noAnswer.minScore != nil {
            throw ValidationError(
                "--store-threshold finds the threshold itself; omit --no-answer-threshold and --min-score")
        }
        if open.open { try validateOpen() }
        if storeThreshold, model.count > 1 {
            throw ValidationError("--store-threshold stores in one model's folder; give one --model")
        }
        guard preset == .tutorial else { return }
        if storeThreshold || noAnswer.noAnswerThreshold != nil {
            throw ValidationError(
                "--preset tutorial does not support questions without an answer; omit the threshold")
        }
        if noAnswer.minScore != nil || reliability.reliabilityChart != nil {
            throw ValidationError("--preset tutorial has no scores; omit --min-score and --reliability-chart")
        }
        if !forms.isEmpty {
            throw ValidationError(
                "--preset tutorial scores rows, not answers; omit --predictions-output and --references-output")
        }
        if answers.maxAnswerLength != nil {
            throw ValidationError("--preset tutorial does not limit the length of answers; omit --max-answer-length")
        }
        if decoding == .joint || (length.truncation ?? .longestFirst) != .longestFirst || length.docStride != nil {
            throw ValidationError("--preset tutorial decides --decoding, --truncation and --doc-stride; omit them")
        }
    }

    private func validateOpen() throws {
        if model.count > 1 { throw ValidationError("--open evaluates one model; give one --model") }
        if preset != nil || decoding == .argmax || (length.truncation ?? .windows) != .windows {
            throw ValidationError("--open reads as a server does; omit --preset, --decoding and --truncation")
        }
        if storeThreshold || !forms.isEmpty {
            throw ValidationError(
                "--open scores answers of other paragraphs; omit --store-threshold, --predictions-output and "
                    + "--references-output")
        }
    }

    func run() async throws {
        try await reportingErrors("evaluate") {
            let folders = try await ModelSource.folders(model, allowsPickle: options.allowPickle)
            let data = try await DatasetSource.path(data, .dev)
            try tell(of: Dataset(path: data), data)
            try options.apply()
            if open.open { return try await writeOpenReport(folders[0], data) }
            let report = try preset == .tutorial ? tutorialReport(folders, data) : usualReport(folders, data)
            try writeOutput(json ? report.json.serialized() : report.text)
        }
    }

    private func writeOpenReport(_ folder: String, _ data: String) async throws {
        let reader = ReaderOptions(
            maxLength: length.maxLength, docStride: length.docStride, options, noAnswer, answers)
        let report = try await open.report(
            model[0], folder: folder, data: data, reader: reader, rules: try metric.rules())
        try reliability.write(report.chart)
        try writeOutput(json ? report.json.serialized() : report.text)
    }

    private func usualReport(_ models: [String], _ data: String) throws -> EvaluationReport {
        let run = try DatasetPrediction(
            models: models, data: data,
            options: PredictionOptions(
                options, features: length.features(), decoder: answers.decoder(decoding ?? .joint),
                noAnswer: noAnswer))
        let report = EvaluationReport(run, rules: try metric.rules())
        try forms.write(run.dataset, run.answers, noAnswer: run.noAnswerProbabilities)
        try reliability.write(report.chart)
        tellOfLongAnswers(run)
        if storeThreshold { try store(report.official, in: models[0]) }
        explainThreshold(run)
        return report
    }

    private func tutorialReport(_ models: [String], _ data: String) throws -> EvaluationReport {
        try EvaluationReport(
            tutorialOf: models, data: data,
            options: PredictionOptions(options, features: length.features(preset: .tutorial)),
            rules: try metric.rules())
    }

    private func store(_ scores: Scores, in folder: String) throws {
        guard let best = scores.thresholds?.f1, scores.noAnswer != nil, scores.hasAnswer != nil else {
            throw DatasetError(
                path: data,
                message: "--store-threshold needs questions with and without an answer, marked by \"is_impossible\"")
        }
        guard folder == model[0] else {
            throw ValidationError(
                "--store-threshold writes into the model's folder, but \(model[0]) is in the hub's cache; copy "
                    + "\(folder) and pass the copy")
        }
        try NoAnswerThreshold.store(best.threshold, in: folder)
        note("stored no_answer_threshold \(best.threshold) in \(folder)/config.json; the scores below are without it")
    }

    private func explainThreshold(_ run: DatasetPrediction) {
        if run.dataset.isVersion2, run.noAnswerThreshold == nil, !storeThreshold {
            note(
                "the model has no no_answer_threshold, so every question was answered; --store-threshold stores the "
                    + "best one"
            )
        }
        let left = run.dataset.isVersion2 || run.minScore != nil ? 0 : run.answers.values.count { $0.isEmpty }
        if left > 0, run.noAnswerThreshold != nil {
            note(
                "left unanswered by the model's threshold: \(Figures.count(left, "question")); --no-answer-threshold "
                    + "1 answers all"
            )
        }
    }

    private func tell(of dataset: Dataset, _ path: String) throws {
        let extent = DatasetExtent(dataset)
        extent.tell(scoring: true)
        try extent.requireAnswers(path)
        try metric.rules().tell(of: dataset)
    }

    private func tellOfLongAnswers(_ run: DatasetPrediction) {
        guard run.longAnswers > 0 else { return }
        StandardError.write(
            "warning: the answers to \(Figures.count(run.longAnswers, "question")) have more than "
                + "\(answers.longestAnswer) tokens, the most that an answer may have; --max-answer-length allows "
                + "longer ones\n")
    }

    private func note(_ line: String) { StandardError.write("note: \(line)\n") }
}
