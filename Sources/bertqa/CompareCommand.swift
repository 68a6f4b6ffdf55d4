import ArgumentParser
import Charts
import Evaluating
import Files
import FineTuning
import Foundation
import SQuAD

/// `bertqa compare`
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare several models on one dataset.",
        discussion: """
            Each score is printed with its range in 95 of 100 bootstrap resamples of the questions, and each pair of \
            models is compared question by question. --ensemble adds the ensemble of all models. --report writes an \
            HTML page.

              bertqa compare --data dev.json --model run1 --model run2 --report report.html
            """)

    @Option(help: "The dataset; squad or squad_v2 for the official one, its dev part.", completion: .file())
    var data: String

    @Option(
        help: "A fine-tuned model, its folder or its id on the hub; repeat the option for each model.",
        completion: .directory)
    var model: [String]

    @Flag(help: "Also compare the ensemble of all models, whose probabilities are the means of theirs.")
    var ensemble = false

    @Option(help: "Write an HTML page with the questions on which the models disagree.", completion: .file())
    var report: String?

    @OptionGroup var answers: DecodingOptions
    @OptionGroup var metric: MetricOptions
    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    @Flag(help: "Print the comparison as one JSON object.")
    var json = false

    func validate() throws {
        if ensemble, model.count < 2 { throw ValidationError("--ensemble needs more than one --model") }
    }

    func run() async throws {
        try await reportingErrors("compare") {
            let data = try await DatasetSource.path(data, .dev)
            let dataset = try Dataset(path: data)
            let extent = DatasetExtent(dataset)
            extent.tell(scoring: true)
            try extent.requireAnswers(data)
            let rules = try metric.rules()
            rules.tell(of: dataset)
            try options.apply()
            let folders = try await ModelSource.folders(model, allowsPickle: options.allowPickle)
            var entries: [Comparison.Entry] = []
            var curves: [(name: String, curve: LearningCurve)] = []
            for (name, folder) in zip(model, folders) {
                entries.append(try entry(name, [folder], data))
                guard FileManager.default.fileExists(atPath: "\(folder)/training_stats.json") else { continue }
                curves.append((name, LearningCurve(try TrainingStatistics(directory: folder))))
            }
            if ensemble { entries.append(try entry(model.joined(separator: " + "), folders, data)) }
            let comparison = Comparison(dataset: dataset, entries: entries, rules: rules)
            if let report {
                let page = ComparisonReport(comparison, title: data, curves: curves)
                try writeFile(Data(page.html().utf8), to: report)
            }
            try writeOutput(json ? comparison.json().serialized() : comparison.text)
        }
    }

    private func entry(_ name: String, _ folders: [String], _ data: String) throws -> Comparison.Entry {
        StandardError.write("\(name)\n")
        return try Comparison.Entry(
            name: name, folders: folders, data: data,
            options: PredictionOptions(options, features: length.features(), decoder: answers.decoder(.joint)))
    }
}
