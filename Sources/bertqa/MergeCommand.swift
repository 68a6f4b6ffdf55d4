import ArgumentParser
import Console
import Evaluating
import Files

/// `bertqa merge`
struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Join the answers of all shards of a dataset.",
        discussion: """
            Takes the files that `bertqa predict --shard` wrote, in any order: answers, or several answers to each \
            question, or \
            probabilities of having no answer, one kind at a time. The records beside them (NAME.shard.json) say which \
            parts they \
            are; a shard that is missing, given twice, changed or predicted with other settings is refused by name. \
            The result is \
            byte for byte what `predict` writes for the whole dataset.

              bertqa merge --output predictions.json part1.json part2.json part3.json
            """)

    @Option(help: "The file to write, or - for standard output.", completion: .file())
    var output: String

    @Argument(help: ArgumentHelp("The files of all shards.", valueName: "shard-file"), completion: .file())
    var files: [String]

    func run() async throws {
        try await reportingErrors("merge") {
            let questions = try PredictionMerge.merge(files, to: output) { StandardError.write("warning: \($0)\n") }
            StandardError.write(
                "merged \(Figures.count(files.count, "shard")) of \(Figures.count(questions, "question")) into "
                    + "\(output)\n"
            )
        }
    }
}
