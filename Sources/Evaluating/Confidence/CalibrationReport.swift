import BERT
import Console
import Files
import QuestionAnswering
import SQuAD
import StrictJSON

/// A model's calibration, fitted on a dataset, and its error there.
package struct CalibrationReport {
    /// The calibration that was fitted on all questions.
    package let calibration: ConfidenceCalibration
    /// Without calibration.
    private let before: Reliability
    /// Each question scored by a calibration that was fitted on other articles; nil if there are too few.
    private let after: Reliability?
    private let model: String

    /// Answers the dataset's questions, some of them also with other texts around their own, and fits a calibration.
    ///
    /// - Parameters:
    ///   - model: its folder.
    ///   - progress: called after each pass of the model; what it throws ends the run.
    /// - Throws: what `DatasetPrediction` throws; `EvaluationError.calibration` for too few questions.
    package init(
        model: String, dataset: Dataset, options: PredictionOptions, rules: ScoringRules = .squad,
        progress: () throws -> Void = {}
    ) throws {
        var options = options
        options.measuresConfidence = true
        // Every question counts, also those that the model would leave unanswered.
        options.noAnswerThreshold = 1
        let loaded = try options.load([model])
        let run = try DatasetPrediction(dataset, loaded: loaded, options: options, progress: progress)
        let long = try dataset.amongOthers().map {
            try DatasetPrediction($0, loaded: loaded, options: options, progress: progress)
                .calibrationSamples(rules: rules)
        }
        let samples = run.calibrationSamples(rules: rules)
        calibration = try CalibrationFit.calibration(samples, long: long ?? [])
        before = run.reliability(rules: rules)
        after = CalibrationFit.heldOut(samples, long: long ?? []).map { Reliability($0) }
        self.model = model
    }

    /// The calibration error on held-out articles; nil if there are too few.
    package var heldOutError: Double? { after?.calibrationError }

    /// Writes the calibration into the model's `config.json`, which appears whole or not at all. A threshold for no
    /// answer changes with it, so that the same questions stay unanswered.
    ///
    /// - Throws: `CheckpointError` or `FileError` that names the file.
    package func store() throws {
        var config = try EncoderConfig(directory: model)
        guard config.confidence != calibration else { return }
        config.setConfidence(calibration)
        // In the cache of a hub the file is a link to what others share.
        try DurableFiles.write(
            config.json().serialized(pretty: true) + "\n", to: "\(model)/config.json", replacesLink: true)
    }

    /// One line.
    package var summary: String {
        let error = heldOutError.map {
            "; calibration error \(Figures.fixed($0, 4)) on held-out articles"
        }
        return "scores are calibrated on \(Figures.count(calibration.questions, "question"))\(error ?? "")"
    }

    /// The object that `calibrate --json` prints.
    package var json: JSONValue {
        [
            ConfidenceCalibration.key: calibration.json, "calibration_error_before": .double(before.calibrationError),
            "calibration_error": after.map { .double($0.calibrationError) } ?? .null,
            "calibration_error_by_chance": after.map { .double($0.errorByChance()) } ?? .null,
        ]
    }

    /// The same as text, once the calibration is stored.
    package var text: String {
        var lines = [
            "temperature        \(Figures.fixed(calibration.temperature, 3))",
            "score              \(calibration.answer.text) of the log-odds of a span",
        ]
        if let map = calibration.noAnswer { lines.append("no answer          \(map.text) of its log-odds") }
        lines.append("calibration error  \(Figures.fixed(before.calibrationError, 4)) before")
        if let after {
            lines.append(
                "                   \(Figures.fixed(after.calibrationError, 4)) on held-out articles; "
                    + "\(Figures.fixed(after.errorByChance(), 4)) would be chance")
        }
        lines.append("fitted on \(Figures.count(calibration.questions, "question")), stored in \(model)/config.json")
        return lines.joined(separator: "\n")
    }
}

extension EncoderConfig {
    /// Sets the calibration, and converts the no-answer threshold from the probabilities of an earlier calibration to
    /// those of this one.
    package mutating func setConfidence(_ calibration: ConfidenceCalibration?) {
        noAnswerThreshold = rawNoAnswerThreshold.map { calibration?.noAnswerProbability($0) ?? $0 }
        confidence = calibration
    }
}

extension ConfidenceCalibration.Map {
    fileprivate var text: String {
        "\(Figures.fixed(scale, 3)) times, \(offset < 0 ? "less" : "plus") \(Figures.fixed(abs(offset), 3)),"
    }
}
