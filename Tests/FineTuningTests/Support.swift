import FineTuning
import Foundation
import StrictJSON

/// An error that a test throws on purpose.
struct Planned: Error {}

extension TrainingStatistics {
    /// Statistics of epochs given as training loss and, where there was validation, its loss, exact match and F1.
    init(losses rows: [(training: Double, validation: (loss: Double, exactMatch: Double, f1: Double)?)]) throws {
        let epochs = rows.enumerated().map { index, row -> (String, JSONValue) in
            var members: [(String, JSONValue)] = [
                ("training_loss", .double(row.training)), ("training_seconds", .double(3077.4)),
                ("steps", .int(100 * (index + 1))), ("learning_rate", .double(1e-5)),
                ("examples_per_second", .double(27)), ("real_tokens_per_second", .double(4400)),
            ]
            if let validation = row.validation {
                members += [
                    ("valid_loss", .double(validation.loss)), ("valid_accuracy", .double(0.625)),
                    ("exact_match", .double(validation.exactMatch)), ("f1", .double(validation.f1)),
                    ("valid_seconds", .double(59.6)),
                ]
            }
            return ("epoch_\(index + 1)", .object(JSONObject(members)))
        }
        try self.init(json: .object(JSONObject(epochs)), path: "training_stats.json")
    }
}
