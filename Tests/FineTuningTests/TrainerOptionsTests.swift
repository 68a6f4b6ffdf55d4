import BERT
import Checkpoints
import FineTuning
import QuestionAnswering
import Testing
import Torch
import Workshop

/// What each of the trainer's options changes in a run, and that a run with them is resumed bit for bit.
@Suite("Options of the trainer", .serialized)
struct TrainerOptionsTests {
    /// Runs with options that all leave numbers behind which a checkpoint has to bring back.
    private func exotic(_ shop: Workshop, _ name: String) -> TrainingOptions {
        var options = shop.options(name)
        options.validationFile = options.trainFile
        (options.learningRateShape, options.warmupRatio) = (.cosine, 0.2)
        (options.layerwiseDecay, options.freezeLayers, options.labelSmoothing) = (0.8, 1, 0.1)
        options.weightDecay = 0.01
        return options
    }

    @Test("a run with all of them, stopped after every step and resumed, ends bit-equal to one that never stopped")
    func resume() throws {
        try withWorkshop { shop in
            try shop.expectExactResume { exotic(shop, $0) }
        }
    }

    @Test("frozen parameters keep their bits and have no moments; the others learn", arguments: [0, 1, 2])
    func freezing(layers: Int) throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.freezeLayers = layers
            _ = try Trainer.train(options)
            let before = try SafetensorsFile(path: "\(shop.path)/model/model.safetensors")
            let after = try SafetensorsFile(path: "\(shop.path)/run/model.safetensors")
            let last = try #require(try shop.newestCheckpoint("run"))
            let moments = try SafetensorsFile(path: "\(shop.path)/run/checkpoints/\(last)/optimizer.safetensors")
            let config = try EncoderConfig(directory: options.model)
            for key in ModelParameters.shapes(config).map(\.key) {
                let isFrozen = ModelParameters.depth(key, config) <= layers
                let old = try #require(before[key]).tensor().array() as [Float]
                let new = try #require(after[key]).tensor().array() as [Float]
                #expect((old == new) == isFrozen, "\(key)")
                #expect((moments["exp_avg.\(key)"] == nil) == isFrozen, "\(key)")
            }
        }
    }

    @Test("frozen layers with gradient checkpointing give the bits of those without it")
    func frozenCheckpointing() throws {
        try withWorkshop { shop in
            for (name, checkpointing) in [("plain", false), ("again", true)] {
                var options = shop.options(name)
                (options.freezeLayers, options.gradientCheckpointing) = (1, checkpointing)
                _ = try Trainer.train(options)
            }
            #expect(try shop.bytes("plain/model.safetensors") == shop.bytes("again/model.safetensors"))
        }
    }

    @Test("more frozen layers than the model has are refused, with its number")
    func tooMany() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.freezeLayers = 3
            let error = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(error?.description.contains("`freeze_layers` 3: the model has 2 layers") == true)
        }
    }

    /// Adam's first step moves every number by the learning rate, whatever its gradient: the step shows the rate.
    @Test("with a layer-wise decay of a half each layer moves half as far as the one above")
    func layerwise() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            (options.maxSteps, options.layerwiseDecay, options.learningRateShape) = (1, 0.5, .constant)
            _ = try Trainer.train(options)
            let before = try SafetensorsFile(path: "\(shop.path)/model/model.safetensors")
            let after = try SafetensorsFile(path: "\(shop.path)/run/model.safetensors")
            let config = try EncoderConfig(directory: options.model)
            func moved(_ key: String) throws -> Float {
                let old = try #require(before[key]).tensor().array() as [Float]
                let new = try #require(after[key]).tensor().array() as [Float]
                return zip(old, new).map { abs($0 - $1) }.max() ?? 0
            }
            for (key, factor) in [
                ("qa_outputs.weight", 1), ("bert.encoder.layer.1.output.dense.weight", 1),
                ("bert.encoder.layer.0.output.dense.weight", 0.5), ("bert.embeddings.LayerNorm.bias", 0.25),
            ] as [(String, Float)] {
                #expect(ModelParameters.shapes(config).contains { $0.key == key })
                #expect(abs(try moved(key) - 1e-3 * factor) < 2e-5 * factor + 1e-6, "\(key)")
            }
        }
    }

    @Test("a run stops once the validation has not improved for as many epochs as it has patience, and stays stopped")
    func earlyStopping() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.validationFile = options.trainFile
            // Nothing is learned at this rate, so the first epoch stays the best.
            (options.learningRate, options.epochs, options.earlyStoppingPatience) = (1e-30, 9, 3)
            let summary = try Trainer.train(options)
            #expect(summary.bestEpoch == 1)
            #expect(summary.statistics.epochs.count == 4)
            options.resume = true
            #expect(try Trainer.train(options).statistics.epochs.count == 4)
        }
    }

    @Test("patience without a validation is refused")
    func blindPatience() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.earlyStoppingPatience = 1
            let error = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(error?.description.contains("`early_stopping_patience` needs a validation") == true)
        }
    }

    @Test("the smoothed loss of training is not the validation's, which stays the cross entropy of the labels")
    func smoothing() throws {
        try withWorkshop { shop in
            var losses: [(training: Double, validation: Double)] = []
            for (name, smoothing) in [("plain", 0), ("smooth", 0.3)] as [(String, Double)] {
                var options = shop.options(name)
                options.validationFile = options.trainFile
                (options.labelSmoothing, options.maxSteps, options.learningRate) = (smoothing, 3, 1e-30)
                let epoch = try #require(try Trainer.train(options).statistics.epochs.first)
                losses.append((epoch.trainingLoss, try #require(epoch.validation).loss))
            }
            #expect(losses[0].validation == losses[1].validation)
            #expect(losses[0].training != losses[1].training)
        }
    }
}
