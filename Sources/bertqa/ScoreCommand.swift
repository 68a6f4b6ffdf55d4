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

            Languages without spaces between words, and other articles than English ones, are scored by MLQA's rules \
            with --language, \
            or, Chinese, by those of CMRC 2018 with --metric cmrc.

              bertqa score --data dev.json --predictions predictions.json
              bertqa score --data chinese.json --predictions predictions.json --language zh
            """)

    @Option(help: "The dataset with the acceptable answers; squad or squad_v2 for the official one, its dev part.")
    var data: String

    @Option(help: "The answers: {\"question id\": \"answer text\", ...}.")
    var predictions: String

    @Option(help: "SQuAD 2.0: the probability of each question to have no answer: {\"question id\": probability, ...}.")
    var naProbFile: String?

    @Option(
        help: ArgumentHelp(
            "SQuAD 2.0: count a question as unanswered if its probability in --na-prob-file is above this. (default: "
                + "1)",
            valueName: "probability"))
    var naProbThresh: Double?

    @OptionGroup var metric: MetricOptions

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    func validate() throws {
        if naProbThresh != nil, naProbFile == nil { throw ValidationError("--na-prob-thresh needs --na-prob-file") }
    }

    func run() async throws {
        try await reportingErrors("score") {
            let dataset = try Dataset(path: try await DatasetSource.path(data, .dev))
            let extent = DatasetExtent(dataset)
            extent.tell(scoring: true)
            try extent.requireAnswers(data)
            let rules = try metric.rules()
            rules.tell(of: dataset)
            let answers = try Predictions(path: predictions).answers
            let noAnswer = try naProbFile.map(NoAnswerProbabilities.init(path:))
            if noAnswer != nil, !dataset.isVersion2 {
                throw DatasetError(
                    path: data,
                    message: "no question says whether it has an answer (\"is_impossible\"), so --na-prob-file "
                        + "has no meaning; leave it out")
            }
            let scores = SQuADMetrics.score(
                dataset, predictions: answers, noAnswer: noAnswer, threshold: naProbThresh ?? 1, rules: rules)
            if json {
                try writeOutput(
                    JSONValue.object(JSONObject(scores.members + [("missing", .int(scores.missing))] + rules.members))
                        .serialized())
            } else {
                try writeOutput((scores.lines() + rules.lines).joined(separator: "\n"))
            }
        }
    }
}
