import ArgumentParser
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON

/// `bertqa predict`
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Answer a dataset's questions and write the answers down.",
        discussion: """
            Writes {"question id": "answer text", ...}, which `bertqa score` and SQuAD's own script read. --n-best adds a file \
            with several answers a question and their probabilities. A question is left unanswered, as SQuAD 2.0 has it, where \
            that is more likely than the threshold that was stored with the model or is given here; --na-prob-output writes how \
            likely each question is to have no answer.

              bertqa predict --model run --data dev.json --output predictions.json
            """)

    @Option(help: "A fine-tuned model: its folder, or its id on the Hugging Face hub.")
    var model: String

    @Option(help: "The SQuAD file to answer; squad or squad_v2 for the official one, its dev part.")
    var data: String

    @Option(help: "The file to write the answers to.")
    var output: String

    @Option(help: "How many answers a question --n-best-output gets.")
    var nBest: Int?

    @Option(help: "The file to write several answers a question to.")
    var nBestOutput: String?

    @Option(help: ArgumentHelp("How start and end are chosen: joint, or argmax by themselves.", valueName: "decoding"))
    var decoding = SpanDecoding.joint

    @Option(help: "The file to write to how likely each question is to have no answer.")
    var naProbOutput: String?

    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    func validate() throws {
        if (nBest == nil) != (nBestOutput == nil) { throw ValidationError("--n-best and --n-best-output go together") }
        if let nBest, nBest < 1 { throw ValidationError("--n-best \(nBest) must be at least 1") }
    }

    func run() async throws {
        try await reportingErrors("predict") {
            let folder = try await ModelSource.folder(model, allowsPickle: options.allowPickle)
            try options.checkPrecision(folder)
            let run = try PredictionRun(
                model: folder,
                data: try await DatasetSource.path(data, .dev), length: length, options: options,
                decoding: decoding, noAnswerThreshold: noAnswer.noAnswerThreshold, count: nBest ?? 1)
            try Predictions(run.answers).write(to: output)
            if let naProbOutput { try run.noAnswerProbabilities.write(to: naProbOutput) }
            if let nBestOutput { try run.writeBest(to: nBestOutput) }
        }
    }
}

extension PredictionRun {
    /// Writes all candidates of each question, best first.
    fileprivate func writeBest(to path: String) throws(FileError) {
        let members = examples.enumerated().map { index, example in
            let list = (predictions[index]?.candidates ?? []).map { candidate -> JSONValue in
                .object(
                    JSONObject([
                        ("text", .string(example.context.utf8Substring(candidate.range))),
                        ("probability", .double(Double(candidate.probability))),
                        ("logit", .double(Double(candidate.logit))),
                    ]))
            }
            return (example.id.text, JSONValue.array(list))
        }
        let text = JSONValue.object(JSONObject(members)).serialized(pretty: true) + "\n"
        try writeFile(text, to: path)
    }
}
