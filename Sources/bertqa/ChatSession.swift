import Console
import Foundation
import QuestionAnswering

/// A conversation about one text: turns what the user enters into what is shown.
struct ChatSession {
    /// What a line asks for.
    enum Reply {
        case say(String)
        /// A text follows, up to a line with a single full stop.
        case readText
        case quit
    }

    private let reader: Reader
    private let usesColour: Bool
    private var text: PreparedText?
    private var count = 1
    private var asked: [(question: String, answer: String)] = []

    init(reader: Reader, usesColour: Bool) {
        self.reader = reader
        self.usesColour = usesColour
    }

    /// Whether there is a text to ask about.
    var hasText: Bool { text != nil }

    /// Takes a text; returns how long it is.
    mutating func take(_ context: String) throws -> String {
        let prepared = try reader.prepare(context)
        text = prepared
        return "read \(Figures.count(prepared.tokenCount, "token")); ask a question"
    }

    /// Loads a text from a file.
    mutating func load(_ path: String) throws -> String {
        try take(ContextSource.file(path).read())
    }

    /// Handles a line: a command behind a colon, or a question.
    mutating func handle(_ line: String) async throws -> Reply {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        guard let command = words.first else { return .say("") }
        let argument = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
        switch command {
        case ":help", ":h", ":?": return .say(Self.help)
        case ":quit", ":q", ":exit": return .quit
        case ":text": return .readText
        case ":load":
            guard !argument.isEmpty else { return .say("which file? :load text.txt") }
            return .say(try load(argument))
        case ":show": return .say(text?.text ?? Self.noText)
        case ":top":
            guard let number = Int(argument), (1...50).contains(number) else {
                return .say("how many, 1 to 50? :top 5")
            }
            count = number
            return .say(number == 1 ? "the best answer only" : "the \(number) best answers")
        case ":history":
            return .say(asked.map { "\($0.question)\n    \($0.answer)" }.joined(separator: "\n"))
        default:
            if command.hasPrefix(":") { return .say("there is no command \(command); :help lists them") }
            return .say(try await answer(line))
        }
    }

    /// The best answers to a question, ready to be shown.
    private mutating func answer(_ question: String) async throws -> String {
        guard let text else { return Self.noText }
        let answers = try await reader.answers(showingProgress: question, in: text, count: count, distinct: true)
        guard let best = answers.first else { throw ReaderError.emptyText }
        asked.append((question, shown(best)))
        var lines: [String] = []
        if !best.isNoAnswer {
            let (before, sentence, after) = Sentence.around(best.utf8Range, in: text.text)
            lines.append("\(before)\(marked(sentence))\(after)")
        }
        for (rank, answer) in answers.enumerated() {
            lines.append("\(count > 1 ? "\(rank + 1). " : "")\(shown(answer))  (\(sureness(answer)))")
        }
        return lines.joined(separator: "\n")
    }

    /// The best answer's text alone, for pipes.
    mutating func plainAnswer(_ question: String) async throws -> String {
        guard let text else { throw ReaderError.emptyText }
        return try await reader.answers(showingProgress: question, in: text, count: 1).first?.text ?? ""
    }

    private func marked(_ text: String) -> String { usesColour ? "\u{1B}[1;32m\(text)\u{1B}[0m" : "[\(text)]" }

    private func shown(_ answer: Answer) -> String {
        guard answer.isNoAnswer else { return answer.text }
        let saysSo = reader.noAnswerThreshold.map { answer.noAnswerProbability > $0 } ?? false
        return saysSo || reader.minScore == nil ? "(no answer in the text)" : "(no answer is likely enough)"
    }

    /// Only a calibrated model's score is the probability that an answer is right.
    private func sureness(_ answer: Answer) -> String {
        if answer.isNoAnswer { return "no answer with a probability of \(Figures.fixed(answer.score, 3))" }
        return reader.isCalibrated
            ? "\(Figures.fixed(100 * answer.score, 0)) % likely to be right"
            : "score \(Figures.fixed(answer.score, 3)), not calibrated"
    }

    private static let noText = "there is no text yet; :load text.txt reads one, :text lets you paste one"

    private static let help = """
        a question         is answered from the text
        :load FILE         take the text from a file
        :text              paste a text; a line with a single . ends it
        :show              show the text
        :top N             show the N best answers, at places that do not overlap
        :history           show what was asked
        :quit, Ctrl-D      leave
        The arrow keys recall earlier lines; Ctrl-C discards a line.
        """
}
