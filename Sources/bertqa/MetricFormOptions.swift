import ArgumentParser
import Files
import Foundation
import SQuAD
import StrictJSON

/// Files in the forms that the metrics of Python's `evaluate` library take.
struct MetricFormOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Also write the answers as the metrics squad and squad_v2 of the evaluate library take them.",
            valueName: "file"), completion: .file())
    var predictionsOutput: String?

    @Option(
        help: ArgumentHelp("Also write the acceptable answers as these metrics take them.", valueName: "file"),
        completion: .file())
    var referencesOutput: String?

    /// Whether there is something to write.
    var isEmpty: Bool { predictionsOutput == nil && referencesOutput == nil }

    func validate() throws {
        if let predictionsOutput, predictionsOutput == referencesOutput {
            throw ValidationError("--predictions-output and --references-output need different files")
        }
    }

    /// Writes the files that were asked for, each whole or not at all.
    func write(
        _ dataset: Dataset, _ answers: [QuestionID: String], noAnswer: NoAnswerProbabilities?
    ) throws(FileError) {
        if let predictionsOutput {
            try write(MetricForms.predictions(answers, of: dataset, noAnswer: noAnswer), to: predictionsOutput)
        }
        if let referencesOutput { try write(MetricForms.references(of: dataset), to: referencesOutput) }
    }

    private func write(_ list: JSONValue, to path: String) throws(FileError) {
        try writeFile(Data((list.serialized(pretty: true) + "\n").utf8), to: path)
    }
}
