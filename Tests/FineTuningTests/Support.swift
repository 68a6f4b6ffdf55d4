import FineTuning
import Foundation
import StrictJSON
import Testing
import Workshop

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

/// What PyTorch and transformers compute for the trainer: Tools/make_trainer_fixtures.py.
enum TrainerFixtures {
    /// A part of the file.
    static func read(_ part: String) throws -> JSONValue {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/trainer.json", withExtension: nil))
        return try #require(try JSONValue.parse(Array(Data(contentsOf: url)))[part])
    }
}

extension Workshop {
    /// Trains in one go and, into another directory, stopped after every single step and resumed; expects that both
    /// leave the same bits.
    func expectExactResume(_ options: (String) -> TrainingOptions) throws {
        let whole = try Trainer.train(options("whole"))
        var broken = options("broken")
        var stops = 0
        var resumed: TrainingSummary?
        while resumed == nil, stops < 100 {
            let flag = InterruptFlag()
            flag.raise()
            do {
                resumed = try Trainer.train(broken, interrupt: flag)
            } catch let error as TrainingError where error.kind == .interrupted {
                stops += 1
                broken.resume = true
            }
            // The last step's checkpoint is followed by a validation, which a raised flag would stop for ever.
            if stops >= whole.steps { resumed = try Trainer.train(broken) }
        }
        #expect(stops == whole.steps)
        #expect(try bytes("whole/model.safetensors") == bytes("broken/model.safetensors"))
        let last = try #require(try newestCheckpoint("whole"))
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(path)/whole/checkpoints/\(last)")
        for file in files where file.hasSuffix(".safetensors") {
            #expect(
                try bytes("whole/checkpoints/\(last)/\(file)") == bytes("broken/checkpoints/\(last)/\(file)"),
                "\(file)")
        }
        let losses = { (summary: TrainingSummary?) in summary?.statistics.epochs.map(\.trainingLoss) }
        #expect(losses(resumed) == losses(whole))
    }
}
