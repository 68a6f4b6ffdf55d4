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
            found, and the overlap of tokens.

              bertqa evaluate --model run --data dev.json
            """)

    @Option(help: "The folder of a fine-tuned model.")
    var model: String

    @Option(help: "The SQuAD file to answer.")
    var data: String

    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("evaluate") {
            let run = try PredictionRun(model: model, data: data, length: length, options: options)
            let scores = SQuADMetrics.score(run.dataset, predictions: run.predictions.answers)
            let tokens = Evaluation.tokenScores(run.candidates, of: run.examples, tokenizer: run.tokenizer)
            guard json else {
                return try writeOutput(
                    """
                    questions          \(scores.total), \(Figures.fixed(run.questionsPerSecond, 1)) a second
                    exact match        \(Figures.fixed(scores.exactMatch, 2)) %
                    F1                 \(Figures.fixed(scores.f1, 2)) %
                    token exact match  \(Figures.fixed(tokens.exactMatch, 4))
                    token F1           \(Figures.fixed(tokens.f1, 4))
                    """)
            }
            let object = JSONObject([
                ("exact_match", .double(scores.exactMatch)), ("f1", .double(scores.f1)),
                ("token_exact_match", .double(tokens.exactMatch)), ("token_f1", .double(tokens.f1)),
                ("total", .int(scores.total)), ("questions_per_second", .double(run.questionsPerSecond)),
            ])
            try writeOutput(JSONValue.object(object).serialized())
        }
    }
}
