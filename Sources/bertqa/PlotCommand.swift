import ArgumentParser
import FineTuning

/// `bertqa plot`
struct PlotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw a run's learning curve again.",
        discussion: """
            Reads training_stats.json of a run, writes learning_curve.svg beside it, and says whether the run overfits.

              bertqa plot run
            """)

    @Argument(help: "The folder of a run.")
    var run: String

    @Option(help: "The file to draw into. (default: learning_curve.svg of the run)")
    var output: String?

    func run() async throws {
        try await reportingErrors("plot") {
            let statistics = try TrainingStatistics(directory: run)
            let path = output ?? "\(run)/learning_curve.svg"
            try writeFile(LearningCurve(statistics).svg(), to: path)
            try writeOutput([statistics.verdict, path].compactMap { $0 }.joined(separator: "\n"))
        }
    }
}
