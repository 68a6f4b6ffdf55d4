import ArgumentParser
import SQuAD
import StrictJSON

/// `bertqa check`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look for what is wrong with a dataset.",
        discussion: """
            Lists every problem with its question's id: answers that are not at their offset (and where they are), offsets \
            outside the text, ids that occur twice, questions and texts that are empty. Leaves with 65 if there is any.

              bertqa check --data questions.json
            """)

    @Option(help: "The SQuAD file to check.")
    var data: String

    @Flag(help: "Print the findings as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("check") {
            let dataset = try Dataset(path: data)
            let problems = dataset.problems()
            try writeOutput(json ? jsonText(dataset, problems) : plainText(dataset, problems))
            if !problems.isEmpty { throw ExitCode(ExitStatus.data.rawValue) }
        }
    }

    private func plainText(_ dataset: Dataset, _ problems: [DatasetProblem]) -> String {
        var lines = [
            "\(dataset.articles.count) articles, \(dataset.paragraphCount) paragraphs, \(dataset.questionCount) questions"
        ]
        lines += problems.map { "\($0.kind.rawValue): \($0)" }
        lines.append(problems.isEmpty ? "nothing wrong was found" : "\(problems.count) problems")
        return lines.joined(separator: "\n")
    }

    private func jsonText(_ dataset: Dataset, _ problems: [DatasetProblem]) -> String {
        let list = problems.map { problem in
            JSONValue.object(
                JSONObject([
                    ("id", .string(problem.questionID)), ("kind", .string(problem.kind.rawValue)),
                    ("message", .string(problem.message)),
                ]))
        }
        return JSONValue.object(
            JSONObject([
                ("questions", .int(dataset.questionCount)), ("paragraphs", .int(dataset.paragraphCount)),
                ("articles", .int(dataset.articles.count)), ("problems", .array(list)),
            ])
        ).serialized()
    }
}
