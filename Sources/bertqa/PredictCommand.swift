import ArgumentParser
import FineTuning
import QuestionAnswering
import SQuAD

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

            The dataset may be larger than the memory. A run that is stopped keeps its answers in OUTPUT.progress, and --resume \
            goes on from there. --shard 2/5 answers the second of five parts, here or elsewhere; `bertqa merge` puts the parts \
            together. Resumed or merged, the file is byte for byte that of one run.

              bertqa predict --model run --data dev.json --output predictions.json
              bertqa predict --model run --data large.json --output part2.json --shard 2/5 --resume
            """)

    @Option(help: "A fine-tuned model: its folder, or its id on the Hugging Face hub.")
    var model: String

    @Option(help: "The dataset to answer; squad or squad_v2 for the official one, its dev part.")
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

    @Option(
        help: ArgumentHelp("Answer only this part of the dataset: I of N, such as 2/5.", valueName: "I/N"),
        transform: { text in
            guard let shard = DatasetShard(text) else {
                throw ValidationError("--shard \(text) must be I/N, with I from 1 to N, such as 2/5")
            }
            return shard
        })
    var shard: DatasetShard?

    @Flag(help: "Go on with a run that was stopped; begin one where there is none.")
    var resume = false

    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    func validate() throws {
        if (nBest == nil) != (nBestOutput == nil) { throw ValidationError("--n-best and --n-best-output go together") }
        let outputs = [output] + [nBestOutput, naProbOutput].compactMap(\.self)
        if Set(outputs).count < outputs.count { throw ValidationError("each output needs a file of its own") }
        if let nBest, nBest < 1 { throw ValidationError("--n-best \(nBest) must be at least 1") }
    }

    func run() async throws {
        try await reportingErrors("predict") {
            let folder = try await ModelSource.folder(model, allowsPickle: options.allowPickle)
            try options.checkPrecision(folder)
            let run = try StreamedPrediction(
                model: folder, data: try await DatasetSource.path(data, .dev), shard: shard ?? .whole, length: length,
                options: options, decoding: decoding, noAnswerThreshold: noAnswer.noAnswerThreshold, count: nBest ?? 1)
            try run.write(
                to: PredictionFiles(answers: output, noAnswer: naProbOutput, best: nBestOutput),
                isShard: shard != nil, resume: resume)
        }
    }
}
