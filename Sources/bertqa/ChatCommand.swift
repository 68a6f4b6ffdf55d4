import ArgumentParser
import Console
import Files
import Foundation
import QuestionAnswering

/// `bertqa chat`
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Ask a text one question after another.",
        discussion: """
            The text is read once; each answer is shown in its sentence. In a pipe, each line is a question and each \
            line of \
            output its answer.

              bertqa chat --model run --context-file text.txt
              echo "Who wrote it?" | bertqa chat --model run --context-file text.txt
            """)

    @Option(help: .models, completion: .directory)
    var model: [String]

    @Option(help: "The file with the text, in UTF-8; :load and :text replace it.", completion: .file())
    var contextFile: String?

    @OptionGroup var window: WindowOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var options: ModelOptions

    func run() async throws {
        try await reportingErrors("chat") {
            try options.apply()
            if !Terminal.isInteractive, contextFile == nil {
                throw ValidationError("give --context-file: in a pipe every line is a question")
            }
            let folders = try await ModelSource.folders(model, allowsPickle: options.allowPickle)
            let reader = try await ModelSource.reader(folders, options: window.reader(options, noAnswer, decoding))
            var session = ChatSession(
                reader: reader, usesColour: OutputTraits(descriptor: STDOUT_FILENO).showsColours)
            let opening = try contextFile.map { try session.load($0) }
            if Terminal.isInteractive {
                print(opening ?? "no text yet: :load text.txt, or :text to paste one")
                print(":help lists the commands")
                try await converse(&session)
            } else {
                try await answerLines(&session)
            }
        }
    }

    private func converse(_ session: inout ChatSession) async throws {
        let terminal = Terminal()
        defer { withExtendedLifetime(terminal) {} }
        while true {
            switch terminal.read(prompt: session.hasText ? "? " : "> ") {
            case .end: return
            case .cancelled: continue
            case .line(let line):
                if line.allSatisfy(\.isWhitespace) { continue }
                do {
                    switch try await session.handle(line) {
                    case .say(let text): print(text)
                    case .readText: try readText(terminal, &session)
                    case .quit: return
                    }
                } catch {
                    // What is wrong with one line does not end the conversation.
                    print("\(error)")
                }
            }
        }
    }

    private func readText(_ terminal: Terminal, _ session: inout ChatSession) throws {
        print("paste the text; a line with a single . ends it")
        var lines: [String] = []
        while case .line(let line) = terminal.read(prompt: "") {
            if line == "." {
                print(try session.take(lines.joined(separator: "\n")))
                return
            }
            lines.append(line)
        }
        print("the text was discarded")
    }

    /// Each line of standard input is a question. One that cannot be answered is reported, the others go on.
    private func answerLines(_ session: inout ChatSession) async throws {
        var failed = false
        var lines = LineReader()
        while let bytes = lines.next() {
            guard let question = String(validating: bytes, as: UTF8.self) else {
                throw FileError(
                    path: "standard input", message: "a question is not UTF-8; convert it, for example with iconv")
            }
            if question.allSatisfy(\.isWhitespace) { continue }
            do {
                try writeOutput(
                    try await session.plainAnswer(question).split(whereSeparator: \.isNewline).joined(separator: " "))
            } catch let error as ReaderError {
                StandardError.write("bertqa chat: \(question): \(error)\n")
                failed = true
            }
        }
        if failed { throw ExitCode(ExitStatus.data.rawValue) }
    }
}
