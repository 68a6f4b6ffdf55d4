import ArgumentParser
import Evaluating
import Files
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON

/// `bertqa calibrate`
struct CalibrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Make a model's scores the probability that its answers are right.",
        discussion: """
            Answers the dataset, compares with the acceptable answers by the official exact match, and fits a \
            temperature, a scale and an offset, and a scale and an offset for no answer if the dataset has questions \
            without one. They are stored in the model's config.json, and every command then shows the probability \
            that an answer is right as its score. Neither answers nor their order change.

            Use questions that the model was not trained on, about other articles, and that you do not report scores \
            on. `bertqa train` calibrates on its validation questions.

              bertqa calibrate --model run --data held-out.json
              bertqa evaluate --model run --data dev.json --reliability-chart reliability.svg
            """)

    @Option(help: "A fine-tuned model's folder.", completion: .directory)
    var model: String

    @Option(
        help: "The dataset to calibrate on; squad or squad_v2 for the official one, its dev part.", completion: .file())
    var data: String

    @Option(
        help: ArgumentHelp(
            "How start and end are chosen: joint takes the best pair, argmax takes each separately.",
            valueName: "decoding"))
    var decoding = SpanDecoding.joint

    @OptionGroup var answers: DecodingOptions
    @OptionGroup var metric: MetricOptions
    @OptionGroup var length: LengthOptions
    @OptionGroup var options: ModelOptions

    @Flag(help: "Print what was fitted as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("calibrate") {
            let folder = try await ModelSource.folder(model, allowsPickle: options.allowPickle)
            guard folder == model else {
                throw ValidationError(
                    "calibrate writes into the model's folder, but \(model) is in the hub's cache; copy \(folder) and "
                        + "pass the copy")
            }
            let report = try calibrate(on: await DatasetSource.path(data, .dev))
            try writeOutput(json ? report.json.serialized() : report.text)
        }
    }

    private func calibrate(on data: String) throws -> CalibrationReport {
        let rules = try metric.rules()
        let dataset = try Dataset(path: data)
        let extent = DatasetExtent(dataset)
        extent.tell(scoring: true)
        try extent.requireAnswers(data)
        try warnIfTrained(on: data)
        try options.apply()
        let report = try CalibrationReport(
            model: model, dataset: dataset,
            options: PredictionOptions(options, features: length.features(), decoder: answers.decoder(decoding)),
            rules: rules)
        try report.store()
        return report
    }

    /// A model answers questions that it was trained on better than others.
    private func warnIfTrained(on data: String) throws {
        let record = "\(model)/run.json"
        guard FileManager.default.fileExists(atPath: record) else { return }
        let run = try MappedFile(path: record).withBytes(JSONValue.parse)
        guard try DatasetFile.sha256(data) == run["data"]?["train_file"]?["sha256"]?.string else { return }
        StandardError.write(
            "warning: the model was trained on this file, and answers its questions better than others: its scores "
                + "will be too high; calibrate on questions that it has not seen\n")
    }
}
