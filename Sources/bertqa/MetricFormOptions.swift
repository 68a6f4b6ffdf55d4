import ArgumentParser
import SQuAD

/// Files in the forms that the metrics of Python's `evaluate` library take.
struct MetricFormOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Also write the answers as the metrics squad and squad_v2 of the evaluate library take them.",
            valueName: "file"))
    var predictionsOutput: String?

    @Option(help: ArgumentHelp("Also write the acceptable answers as these metrics take them.", valueName: "file"))
    var referencesOutput: String?

    /// Whether there is something to write.
    var isEmpty: Bool { predictionsOutput == nil && referencesOutput == nil }

    func validate() throws {
        if let predictionsOutput, predictionsOutput == referencesOutput {
            throw ValidationError("--predictions-output and --references-output need a file each")
        }
    }

    /// Writes the files that were asked for.
    func write(
        _ dataset: Dataset, _ answers: [QuestionID: String], noAnswer: NoAnswerProbabilities?
    ) throws(DatasetError) {
        if let predictionsOutput {
            try MetricForms.write(predictions: answers, of: dataset, noAnswer: noAnswer, to: predictionsOutput)
        }
        if let referencesOutput { try MetricForms.write(referencesOf: dataset, to: referencesOutput) }
    }
}
