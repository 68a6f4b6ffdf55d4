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
        let resumed = try Self.stepByStep(options("broken"), steps: whole.steps)
        #expect(resumed.statistics.epochs.map(\.trainingLoss) == whole.statistics.epochs.map(\.trainingLoss))
        var files = ["model.safetensors"]
        let last = "checkpoints/\(try #require(try newestCheckpoint("whole")))"
        for file in try FileManager.default.contentsOfDirectory(atPath: "\(path)/whole/\(last)") {
            if file.hasSuffix(".safetensors") { files.append("\(last)/\(file)") }
        }
        for file in files {
            let equal = try bytes("whole/\(file)") == bytes("broken/\(file)")
            #expect(equal, "\(file)")
        }
    }

    /// A run of so many steps, each of them in a run of its own. The last checkpoint is followed by a validation, which
    /// a raised flag would stop for ever.
    private static func stepByStep(_ given: TrainingOptions, steps: Int) throws -> TrainingSummary {
        var options = given
        for _ in 0..<steps {
            #expect(try isInterrupted(options))
            options.resume = true
        }
        return try Trainer.train(options)
    }

    private static func isInterrupted(_ options: TrainingOptions) throws -> Bool {
        let flag = InterruptFlag()
        flag.raise()
        do {
            _ = try Trainer.train(options, interrupt: flag)
            return false
        } catch {
            guard error.kind == .interrupted else { throw error }
            return true
        }
    }
}
