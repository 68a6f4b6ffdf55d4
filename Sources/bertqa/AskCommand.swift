import ArgumentParser
import Console
import QuestionAnswering
import StrictJSON

/// `bertqa ask`
struct AskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Ask one question about a text.",
        discussion: """
            A text of any length is read in windows. A model that was trained on questions without an answer (SQuAD \
            2.0) can report that the text has no answer: the answer is then empty, and its score is the probability \
            that there is none. Start and end of the answer count Unicode scalars, as in Python.

              bertqa ask --model run --question "Who wrote it?" --context-file text.txt --top-k 3
            """)

    @Option(help: "A fine-tuned model: its folder, or its id on the Hugging Face hub.", completion: .directory)
    var model: String

    @Option(help: "The question.")
    var question: String

    @Option(help: "The text.")
    var context: String?

    @Option(help: "The file with the text, in UTF-8; - for standard input.", completion: .file())
    var contextFile: String?

    @Option(help: "The number of answers.")
    var topK = 1

    @OptionGroup var window: WindowOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var options: ModelOptions

    @Flag(help: "Print one JSON object: the answer, or with --top-k above 1 a list of them in \"answers\".")
    var json = false

    func validate() throws {
        if (context == nil) == (contextFile == nil) { throw ValidationError("give --context or --context-file") }
        if topK < 1 { throw ValidationError("--top-k \(topK) must be at least 1") }
    }

    func run() async throws {
        try await reportingErrors("ask") {
            try options.apply()
            let text = try context ?? source.read()
            let folder = try await ModelSource.folder(model, allowsPickle: options.allowPickle)
            var readerOptions = window.reader(options, noAnswer, decoding)
            // The process ends after the answer: mapped weights answer sooner, in less memory.
            readerOptions.weightStorage = .mapped
            let reader = try await Reader.load(folder, options: readerOptions)
            let answers = try await reader.answers(showingProgress: question, in: reader.prepare(text), count: topK)
            try writeOutput(json ? jsonText(answers) : plainText(answers))
        }
    }

    private func jsonText(_ answers: [Answer]) -> String {
        let objects = answers.map { answer in
            JSONValue.object([
                "answer": .string(answer.text), "score": .double(answer.score), "start": .int(answer.range.lowerBound),
                "end": .int(answer.range.upperBound),
            ])
        }
        if topK == 1, let only = objects.first { return only.serialized() }
        return JSONValue.object(["answers": .array(objects)]).serialized()
    }

    private func plainText(_ answers: [Answer]) -> String {
        answers.map { "\($0.isNoAnswer ? "(no answer in the text)" : $0.text)  (score \(Figures.fixed($0.score, 3)))" }
            .joined(separator: "\n")
    }

    private var source: ContextSource {
        contextFile.flatMap { $0 == "-" ? nil : ContextSource.file($0) } ?? .standardInput
    }
}
