import BERT
import Evaluating
import QuestionAnswering
import SQuAD

/// Calibrates the scores of a finished run's model on its validation questions.
struct RunCalibration {
    /// The result as a sentence.
    let message: String
    /// See `EpochStatistics.Validation.calibrationError`.
    let error: Double?

    /// More questions would take longer and change little.
    private static let mostQuestions = 2000

    /// Reads the model in the run's directory, fits a calibration, and stores it in its `config.json`. If there are too
    /// few validation questions, the model stays unchanged.
    ///
    /// - Parameters:
    ///   - options: those of the run, with the device and the precision of this machine.
    ///   - check: called after each pass; what it throws ends the calibration.
    init(_ options: TrainingOptions, on validation: Dataset, check: () throws -> Void) throws {
        guard validation.questionCount > 0 else {
            message =
                "scores are not calibrated, because there is no validation data; run `bertqa calibrate` on other "
                + "questions"
            error = nil
            return
        }
        var prediction = PredictionOptions()
        (prediction.features, prediction.precision, prediction.device) =
            (options.features, options.precision, options.device)
        prediction.decoder = SpanDecoder(maxAnswerLength: options.maxAnswerLength)
        // The model that was trained has passed the check on this device.
        prediction.skipsDeviceCheck = true
        do {
            let report = try CalibrationReport(
                model: options.outputDirectory, dataset: Self.thinned(validation), options: prediction, progress: check)
            try report.store()
            message = report.summary
            error = report.heldOutError
        } catch let error as EvaluationError where error.kind == .calibration {
            message = "scores are not calibrated: \(error)"
            self.error = nil
        }
    }

    private static func thinned(_ dataset: Dataset) -> Dataset {
        let step = (dataset.questionCount + mostQuestions - 1) / mostQuestions
        guard step > 1 else { return dataset }
        var number = -1
        return dataset.filtered { _ in
            number += 1
            return number.isMultiple(of: step)
        }
    }
}
