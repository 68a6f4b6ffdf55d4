import ArgumentParser
import BERT
import Console
import Files
import QuestionAnswering
import Retrieval
import StrictJSON

/// `bertqa ask`
struct AskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Ask one question about a text, or about the texts of a folder.",
        discussion: """
            A text of any length is read in windows. A model that was trained on questions without an answer (SQuAD \
            2.0) can report that the text has no answer: the answer is then empty, and its score is the probability \
            that there is none. Start and end of the answer count Unicode scalars, as in Python.

            With --documents the texts of a folder are searched, as bertqa index reads them: only files that have \
            changed are read again. Answers name their document.

              bertqa ask --model run --question "Who wrote it?" --context-file text.txt --top-k 3
              bertqa ask --model run --question "Who wrote it?" --documents notes
            """)

    @Option(help: .models, completion: .directory)
    var model: [String]

    @Option(help: "The question.")
    var question: String

    @Option(help: "The text.")
    var context: String?

    @Option(help: "The file with the text, in UTF-8; - for standard input.", completion: .file())
    var contextFile: String?

    @Option(help: "The folder with the texts: .txt, .md, .html, .pdf and .docx.", completion: .directory)
    var documents: String?

    @Option(
        help: ArgumentHelp(
            "With --documents: where their index is kept, a file or a postgresql:// URL. (default: a file in the "
                + "user's cache folder)", valueName: "file|url"), completion: .file())
    var database: String?

    @Option(help: .searchLanguage)
    var language: SearchLanguage?

    @Option(help: "The number of answers.")
    var topK = 1

    @OptionGroup var window: WindowOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var options: ModelOptions

    @Flag(help: "Print one JSON object: the answer, or with --top-k above 1 a list of them in \"answers\".")
    var json = false

    func validate() throws {
        let given = [context, contextFile, documents].compactMap { $0 }
        if given.count != 1 { throw ValidationError("give --context, --context-file or --documents") }
        if database != nil, documents == nil { throw ValidationError("--database needs --documents") }
        if language != nil, documents == nil { throw ValidationError("--language needs --documents") }
        try DatabaseOption.validate(database)
        if topK < 1 { throw ValidationError("--top-k \(topK) must be at least 1") }
    }

    func run() async throws {
        try await reportingErrors("ask") {
            try options.apply()
            if let documents { return try await askFolder(FolderIndex.wholePath(documents)) }
            let text = try context ?? source.read()
            let folders = try await ModelSource.folders(model, allowsPickle: options.allowPickle)
            let reader = try await ModelSource.reader(folders, options: readerOptions)
            let answers = try await reader.answers(showingProgress: question, in: reader.prepare(text), count: topK)
            try writeOutput(json ? jsonText(answers) : plainText(answers))
        }
    }

    private func askFolder(_ documents: String) async throws {
        let folders = try await ModelSource.folders(model, allowsPickle: options.allowPickle)
        // A folder without a model is reported before the texts are read.
        for folder in folders { _ = try ModelDirectory(path: folder) }
        let texts = FolderQuestion(folder: documents, database: database, language: language)
        let interrupt = InterruptFlag(watchingSignals: true)
        let store = try await texts.index(interrupt)
        if interrupt.isRaised { throw ExitCode(ExitStatus.interrupted.rawValue) }
        let reader = try await ModelSource.reader(folders, options: readerOptions)
        let found = try await texts.answers(to: question, count: topK, reader, store)
        guard !found.isEmpty else {
            throw FileError(
                path: documents, kind: .contents,
                message: "no text has a word of the question; ask with words that the texts have")
        }
        if json {
            let list = JSONValue.object(JSONObject([("answers", .array(found.map(\.json)))]))
            try writeOutput((topK == 1 ? found[0].json : list).serialized())
        } else {
            try writeOutput(found.map(\.line).joined(separator: "\n"))
        }
    }

    /// The process ends after the answer: mapped weights answer sooner, in less memory.
    private var readerOptions: ReaderOptions {
        var readerOptions = window.reader(options, noAnswer, decoding)
        readerOptions.weightStorage = .mapped
        return readerOptions
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
