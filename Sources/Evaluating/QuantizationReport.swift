import Console
import QuestionAnswering
import SQuAD
import StrictJSON

/// The loss of a model in int8, measured on a dataset.
package struct QuantizationReport {
    /// The measured record, for the model's folder.
    package let record: QuantizationRecord
    private let exact: (scores: Scores, speed: Double)
    private let small: (scores: Scores, speed: Double)
    private let model: String

    /// Answers the dataset in float32 and in int8, on the CPU.
    ///
    /// - Throws: what `DatasetPrediction` throws.
    package init(
        model: String, data: String, features: FeatureOptions, decoder: SpanDecoder = SpanDecoder()
    ) throws {
        func measure(_ options: PredictionOptions) throws -> (scores: Scores, speed: Double) {
            let run = try DatasetPrediction(model: model, data: data, options: options)
            return (SQuADMetrics.score(run.dataset, predictions: run.answers), run.questionsPerSecond)
        }
        var options = PredictionOptions()
        (options.features, options.decoder, options.device, options.precision) = (features, decoder, .cpu, .fp32)
        exact = try measure(options)
        (options.precision, options.measuresInt8) = (.int8, true)
        small = try measure(options)
        record = try QuantizationRecord(
            directory: model, data: data, fp32: exact.scores, int8: small.scores)
        self.model = model
    }

    /// The object that `quantize --json` prints.
    package var json: JSONValue {
        [
            "exact_match": .double(record.exactMatch), "f1": .double(record.f1),
            "int8_exact_match": .double(record.int8ExactMatch), "int8_f1": .double(record.int8F1),
            "f1_drop": .double(record.drop), "questions_per_second": .double(exact.speed),
            "int8_questions_per_second": .double(small.speed),
        ]
    }

    /// The same as text, once the record is written.
    package var text: String {
        let lines = [("fp32", exact), ("int8", small)].map { name, result in
            "\(name)  exact match \(Figures.fixed(result.scores.exactMatch, 2)), F1 "
                + "\(Figures.fixed(result.scores.f1, 2)), \(Figures.fixed(result.speed, 1)) questions/s"
        }
        return (lines + ["int8 loses \(Figures.fixed(record.drop, 2)) of F1 and is allowed for \(model)"])
            .joined(separator: "\n")
    }
}
