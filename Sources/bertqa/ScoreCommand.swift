import ArgumentParser
import FineTuning
import SQuAD
import StrictJSON

/// `bertqa score`
struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score written-down answers as SQuAD's own script does.",
        discussion: """
            Exact match and F1 over words, in per cent of all questions; a question without an answer scores 0.

              bertqa score --data dev.json --predictions predictions.json
            """)

    @Option(help: "The SQuAD file with the acceptable answers.")
    var data: String

    @Option(help: "The answers: {\"question id\": \"answer text\", ...}.")
    var predictions: String

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("score") {
            let dataset = try Dataset(path: data)
            let answers = try Predictions(path: predictions).answers
            let scores = SQuADMetrics.score(dataset, predictions: answers)
            guard json else {
                return try writeOutput(
                    """
                    questions    \(scores.total)\(scores.missing > 0 ? ", \(scores.missing) without an answer" : "")
                    exact match  \(Figures.fixed(scores.exactMatch, 2)) %
                    F1           \(Figures.fixed(scores.f1, 2)) %
                    """)
            }
            let object = JSONObject([
                ("exact_match", .double(scores.exactMatch)), ("f1", .double(scores.f1)), ("total", .int(scores.total)),
                ("missing", .int(scores.missing)),
            ])
            try writeOutput(JSONValue.object(object).serialized())
        }
    }
}
