import ArgumentParser
import Evaluating
import QuestionAnswering
import SQuAD

/// `bertqa predict`
struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Answer the questions of a dataset, and write the answers to a file.",
        discussion: """
            Writes {"question id": "answer text", ...}, which `bertqa score` and SQuAD's own script read, or with \
            --format a line for each question in the order of the dataset: JSON (jsonl), or a table (csv). --n-best \
            adds a file \
            with several answers to each question and their probabilities. A question is left unanswered, as in SQuAD \
            2.0, if the \
            probability that it has no answer is above the threshold stored with the model or given here, or if the \
            answer's score is below --min-score; --na-prob-output writes the probability of no answer for each question.

            The dataset needs no answers. A question without an id is named by its number in the file; if several \
            questions share an id, the second is named ID#2, the third ID#3. An answer has at most 30 tokens; \
            --max-answer-length changes that.

            The dataset may be larger than the memory. A run that is stopped keeps its answers in OUTPUT.progress, and \
            --resume \
            continues from there. --shard 2/5 answers the second of five parts, on this machine or another; `bertqa \
            merge` joins \
            the parts. The file of a resumed run, or of merged parts, is byte for byte that of one run.

              bertqa predict --model run --data dev.json --output predictions.json
              bertqa predict --model run --data large.json --output part2.json --shard 2/5 --resume
            """)

    @Option(help: .models, completion: .directory)
    var model: [String]

    @Option(help: "The dataset to answer; squad or squad_v2 for the official one, its dev part.", completion: .file())
    var data: String

    @Option(help: "The file for the answers, or - for standard output.", completion: .file())
    var output: String

    @Option(
        help: ArgumentHelp(
            "How --output is written: squad as {\"id\": \"text\"}, jsonl or csv with the id, the text and the "
                + "probability of having no answer.", valueName: "format"))
    var format = AnswerFormat.squad

    @Option(help: "How many answers to each question go to --n-best-output.")
    var nBest: Int?

    @Option(help: "The file for several answers to each question.", completion: .file())
    var nBestOutput: String?

    @Option(
        help: ArgumentHelp(
            "How start and end are chosen: joint takes the best pair, argmax takes each separately.",
            valueName: "decoding"))
    var decoding = SpanDecoding.joint

    @Option(help: "The file for the probability that each question has no answer.", completion: .file())
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

    @Flag(help: "Continue a run that was stopped; start one if there is none.")
    var resume = false

    @OptionGroup var answers: DecodingOptions
    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    func validate() throws {
        if (nBest == nil) != (nBestOutput == nil) { throw ValidationError("--n-best and --n-best-output go together") }
        let outputs = [output] + [nBestOutput, naProbOutput].compactMap(\.self)
        if Set(outputs).count < outputs.count { throw ValidationError("each output needs its own file") }
        if let nBest, nBest < 1 { throw ValidationError("--n-best \(nBest) must be at least 1") }
    }

    func run() async throws {
        try await reportingErrors("predict") {
            let folders = try await ModelSource.folders(model, allowsPickle: options.allowPickle)
            try options.apply()
            let run = try StreamedPrediction(
                models: folders, data: try await DatasetSource.path(data, .dev), shard: shard ?? .whole,
                options: PredictionOptions(
                    options, features: length.features(), decoder: answers.decoder(decoding),
                    noAnswer: noAnswer), count: nBest ?? 1)
            run.extent.tell()
            try run.write(
                to: PredictionFiles(answers: output, format: format, noAnswer: naProbOutput, best: nBestOutput),
                isShard: shard != nil, resume: resume)
        }
    }
}

extension AnswerFormat: ExpressibleByArgument {}
