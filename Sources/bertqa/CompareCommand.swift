import ArgumentParser
import Files
import FineTuning
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON

/// `bertqa compare`
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Put several models' scores on one dataset side by side.",
        discussion: """
            Scores have the range that holds them in 95 of 100 resamples of the questions, and each pair of models is told \
            apart question by question. --report writes a page to look at.

              bertqa compare --data dev.json --model run1 --model run2 --report report.html
            """)

    @Option(help: "The dataset; squad or squad_v2 for the official one, its dev part.")
    var data: String

    @Option(help: "A fine-tuned model, its folder or its id on the hub; once for each model.")
    var model: [String]

    @Option(help: "Write an HTML page with the questions they disagree on.")
    var report: String?

    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    @Flag(help: "Print the comparison as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("compare") {
            let data = try await DatasetSource.path(data, .dev)
            let dataset = try Dataset(path: data)
            var entries: [Comparison.Entry] = []
            for directory in model {
                StandardError.write("\(directory)\n")
                entries.append(
                    try entry(
                        directory, data: data,
                        folder: try await ModelSource.folder(directory, allowsPickle: options.allowPickle)))
            }
            let comparison = Comparison(dataset: dataset, entries: entries)
            if let report { try writeFile(Data(ComparisonReport(comparison, title: data).html().utf8), to: report) }
            try writeOutput(json ? comparison.json().serialized() : comparison.text)
        }
    }

    private func entry(_ name: String, data: String, folder: String) throws -> Comparison.Entry {
        let isMeasured = ProcessMemory.beginPeak()
        let run = try PredictionRun(model: folder, data: data, length: length, options: options)
        let hasStatistics = FileManager.default.fileExists(atPath: "\(folder)/training_stats.json")
        return Comparison.Entry(
            name: name, parameters: run.parameterCount, answers: run.answers, tokens: run.tokenScores,
            questionsPerSecond: run.questionsPerSecond, weightBytes: run.weightBytes,
            peakMemory: isMeasured ? try ProcessMemory.peak() : nil,
            training: hasStatistics ? try TrainingStatistics(directory: folder) : nil)
    }
}

extension Comparison {
    /// The table and the differences.
    fileprivate var text: String {
        let titles = [
            "model", "parameters", "exact match", "F1", "F1 in 95 of 100", "token exact match", "token F1",
            "questions/s", "weights, MiB", "memory, MiB",
        ]
        let rows = results.map { result in
            [
                result.entry.name, "\(Figures.fixed(Double(result.entry.parameters) / 1e6, 1)) M",
                Figures.fixed(result.exactMatch, 2), Figures.fixed(result.f1, 2),
                "\(Figures.fixed(result.f1Interval.lowerBound, 2)) to \(Figures.fixed(result.f1Interval.upperBound, 2))",
                Figures.fixed(result.entry.tokens.exactMatch, 4), Figures.fixed(result.entry.tokens.f1, 4),
                Figures.fixed(result.entry.questionsPerSecond, 1),
                Figures.fixed(Double(result.entry.weightBytes) / 1_048_576, 0),
                result.entry.peakMemory.map { Figures.fixed(Double($0) / 1_048_576, 0) } ?? "-",
            ]
        }
        var lines = [TextTable(titles: titles, rows: rows).text]
        for difference in differences {
            lines.append(
                "\(results[difference.first].entry.name) less \(results[difference.second].entry.name): F1 "
                    + "\(Figures.fixed(difference.f1, 2)), between \(Figures.fixed(difference.interval.lowerBound, 2)) and "
                    + "\(Figures.fixed(difference.interval.upperBound, 2)): "
                    + (difference.isBeyondChance ? "beyond chance" : "within chance"))
        }
        return lines.joined(separator: "\n")
    }
}
