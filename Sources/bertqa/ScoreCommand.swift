import ArgumentParser
import Evaluating
import SQuAD
import StrictJSON

/// `bertqa score`
struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score a file of answers as SQuAD's own script does.",
        discussion: """
            Exact match and F1 over words, in per cent of all questions; a question without a prediction scores 0. \
            Files that say \
            for each question whether it has an answer are scored by the rules of SQuAD 2.0, where the right \
            prediction for a \
            question without an answer is the empty text; --na-prob-file adds the best thresholds, with the names of \
            SQuAD's script.

            --language scores by MLQA's rules, for languages without spaces between words or with articles other than \
            English ones; --metric cmrc scores Chinese by the rules of CMRC 2018.

            Answers may also be what `predict --format` writes, or what the metrics squad and squad_v2 of the evaluate \
            library take: a list of {"id", "prediction_text"}, whose "no_answer_probability" is used like \
            --na-prob-file. --data may also be a list of references {"id", "answers"}. --predictions-output and \
            --references-output write both.

              bertqa score --data dev.json --predictions predictions.json
              bertqa score --data chinese.json --predictions predictions.json --language zh
            """)

    @Option(
        help: ArgumentHelp(
            "The dataset with the acceptable answers, or references; squad or squad_v2 for the official one, its dev "
                + "part."), completion: .file()
    )
    var data: String

    @Option(
        help: "The answers: {\"question id\": \"answer text\", ...}, or one of the other forms.", completion: .file())
    var predictions: String

    @Option(
        help: "SQuAD 2.0: the probability that each question has no answer: {\"question id\": probability, ...}.",
        completion: .file())
    var naProbFile: String?

    @Option(
        help: ArgumentHelp(
            "SQuAD 2.0: count a question as unanswered if its probability in --na-prob-file is above this. (default: "
                + "1)",
            valueName: "probability"))
    var naProbThresh: Double?

    @OptionGroup var metric: MetricOptions
    @OptionGroup var forms: MetricFormOptions

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("score") {
            let dataset = try Dataset(scoring: try await DatasetSource.path(data, .dev))
            let extent = DatasetExtent(dataset)
            extent.tell(scoring: true)
            try extent.requireAnswers(data)
            let rules = try metric.rules()
            rules.tell(of: dataset)
            let answers = try AnswerFile(path: predictions)
            let noAnswer = try noAnswerProbabilities(of: answers, dataset)
            if naProbThresh != nil, noAnswer == nil {
                throw ValidationError("--na-prob-thresh needs --na-prob-file, or answers with probabilities")
            }
            let scores = SQuADMetrics.score(
                dataset, predictions: answers.answers, noAnswer: noAnswer, threshold: naProbThresh ?? 1, rules: rules)
            try forms.write(dataset, answers.answers, noAnswer: noAnswer)
            if json {
                try writeOutput(
                    JSONValue.object(JSONObject(scores.members + [("missing", .int(scores.missing))] + rules.members))
                        .serialized())
            } else {
                try writeOutput((scores.lines() + rules.lines).joined(separator: "\n"))
            }
        }
    }

    /// The probabilities of --na-prob-file, or those that are with the answers, which count for SQuAD 2.0 alone.
    private func noAnswerProbabilities(
        of answers: AnswerFile, _ dataset: Dataset
    ) throws(DatasetError) -> NoAnswerProbabilities? {
        guard let naProbFile else { return dataset.isVersion2 ? answers.noAnswer : nil }
        let noAnswer = try NoAnswerProbabilities(path: naProbFile)
        guard dataset.isVersion2 else {
            throw DatasetError(
                path: data,
                message: "no question says whether it has an answer (\"is_impossible\"), so --na-prob-file "
                    + "has no meaning; omit it")
        }
        return noAnswer
    }
}
