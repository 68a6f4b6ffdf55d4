import ArgumentParser
import Charts
import FineTuning
import Foundation

/// `bertqa plot`
struct PlotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw the learning curve of a run again.",
        discussion: """
            Reads training_stats.json of a run, writes learning_curve.svg and learning_curve.png beside it, and \
            reports whether \
            the run overfits.

              bertqa plot run
            """)

    @Argument(help: "The folder of a run.", completion: .directory)
    var run: String

    @Option(help: "Another file for the picture, .svg or .png.", completion: .file())
    var output: String?

    func run() async throws {
        try await reportingErrors("plot") {
            let statistics = try TrainingStatistics(directory: run)
            let curve = LearningCurve(statistics)
            let paths = output.map { [$0] } ?? ["\(run)/learning_curve.svg", "\(run)/learning_curve.png"]
            for path in paths {
                try writeFile(path.hasSuffix(".png") ? curve.png() : Data(curve.svg().utf8), to: path)
            }
            try writeOutput(([statistics.verdict].compactMap { $0 } + paths).joined(separator: "\n"))
        }
    }
}
