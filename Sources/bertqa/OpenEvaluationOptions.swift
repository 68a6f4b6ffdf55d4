import ArgumentParser
import Console
import Evaluating
import Files
import QuestionAnswering
import SQuAD

/// The evaluation of answers that are searched for in all paragraphs of a file.
struct OpenEvaluationOptions: ParsableArguments {
    @Flag(help: "Search all paragraphs of the file for each answer, as a server searches its stored documents.")
    var open = false

    @Option(
        help: ArgumentHelp(
            "With --open: find passages by this encoder's vectors as well as by words; any model's folder, with or "
                + "without a head.", valueName: "folder"), completion: .directory)
    var embedder: String?

    @Option(help: "With --open: passages that are read for a question. (default: 10)")
    var passages: Int?

    @Option(
        help: ArgumentHelp(
            "With --open: ask only this many questions, spread over the file. (default: all)", valueName: "questions"))
    var sample: Int?

    @Flag(
        help: ArgumentHelp(
            "With --open: learn the ranking of passages from these questions, and store it in the model's folder, for "
                + "all later answers. Use questions that you do not report and that the model was not trained on."))
    var learnRanking = false

    func validate() throws {
        guard open else {
            let given = [
                ("--embedder", embedder != nil), ("--passages", passages != nil), ("--sample", sample != nil),
                ("--learn-ranking", learnRanking),
            ]
            if let (name, _) = given.first(where: \.1) { throw ValidationError("\(name) needs --open") }
            return
        }
        for (name, value) in [("--passages", passages), ("--sample", sample)] {
            if let value, !(1...1_000_000).contains(value) {
                throw ValidationError("\(name) \(value) must be from 1 to 1000000")
            }
        }
    }

    /// Asks, and learns if that is wanted.
    ///
    /// - Parameters:
    ///   - named: the model as the user named it.
    ///   - folder: where it is.
    func report(
        _ named: String, folder: String, data: String, reader: ReaderOptions, rules: ScoringRules
    ) async throws -> OpenReport {
        if learnRanking, folder != named {
            throw ValidationError(
                "--learn-ranking writes into the model's folder, but \(named) is in the hub's cache; copy "
                    + "\(folder) and pass the copy")
        }
        var options = OpenOptions()
        options.reader = reader
        options.passages = passages ?? options.passages
        options.sample = sample
        if let language = rules.language, language != "en" { options.language = .other }
        if let embedder { options.encoder = try await ModelSource.folder(embedder, allowsPickle: false) }
        let run = try await OpenEvaluation(model: folder, data: data, options: options)
        if learnRanking { try learn(run, in: folder, data) }
        return OpenReport(run, rules: rules)
    }

    private func learn(_ run: OpenEvaluation, in folder: String, _ data: String) throws {
        let learner = RankingLearner(run.questions)
        guard let ranking = learner.ranking() else {
            throw DatasetError(
                path: data,
                message: "--learn-ranking found nothing to learn from "
                    + "\(Figures.count(run.questions.count, "question")); use more")
        }
        try ranking.store(in: folder)
        func f1(_ ranking: PassageRanking) -> Double {
            100 * run.questions.reduce(0) { $0 + $1.f1(ranking) } / Double(max(1, run.questions.count))
        }
        StandardError.write(
            "note: stored passage_ranking in \(folder)/config.json: logits \(ranking), learned from "
                + "\(Figures.count(learner.questionCount, "question")); F1 on these questions: "
                + "\(Figures.fixed(f1(ranking), 2)) % with it; \(Figures.fixed(f1(run.ranking), 2)) % before (shown "
                + "below)\n")
    }
}
