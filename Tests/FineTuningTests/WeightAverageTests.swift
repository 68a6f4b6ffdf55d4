import Checkpoints
import FineTuning
import QuestionAnswering
import StrictJSON
import Testing
import Torch
import Workshop

@Suite("The average of the weights along training", .serialized)
struct WeightAverageTests {
    private func weights(_ shop: Workshop, _ path: String, _ key: String) throws -> [Float] {
        try #require(try SafetensorsFile(path: "\(shop.path)/\(path)/model.safetensors")[key]).tensor().array()
    }

    /// Six steps, of which the last three count: with a checkpoint after each, the mean can be computed by hand.
    @Test("the model that is kept is the mean of the weights after the last steps, which go their own way")
    func mean() throws {
        try withWorkshop { shop in
            var options = shop.options("averaged")
            (options.saveSteps, options.checkpointsKept, options.average) = (1, 9, 0.5)
            #expect(try Trainer.train(options).steps == 6)
            _ = try Trainer.train(shop.options("plain"))
            for key in ["qa_outputs.weight", "bert.encoder.layer.0.attention.self.query.weight"] {
                let last = try (4...6).map { try weights(shop, "averaged/checkpoints/step-0000000\($0)", key) }
                let kept = try weights(shop, "averaged", key)
                for (place, value) in kept.enumerated() {
                    #expect(abs(value - (last[0][place] + last[1][place] + last[2][place]) / 3) < 1e-6)
                }
                #expect(kept != last[2])
                #expect(try last[2] == weights(shop, "plain", key))
            }
        }
    }

    @Test("the validation reads the averaged weights: it finds what the model that is kept finds")
    func validated() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.validationFile = options.trainFile
            (options.average, options.epochs) = (1, 1)
            let epoch = try #require(try Trainer.train(options).statistics.epochs.first)
            let loaded = try LoadedModel(
                directory: options.outputDirectory, use: .inference, precision: .fp32, device: .cpu)
            let data = try TrainingData(options: options, tokenizer: loaded.tokenizer)
            let predictor = Predictor(model: loaded.model, tokenizer: loaded.tokenizer, device: .cpu)
            let loss = try predictor.predict(data.validation.features, labelled: true).loss.loss
            #expect(abs(loss - (epoch.validation?.loss ?? .nan)) < 1e-5)
        }
    }

    @Test("stopped after every step and resumed, it ends with the same bits", arguments: [0.5, 1.0])
    func resume(share: Double) throws {
        try withWorkshop { shop in
            try shop.expectExactResume { name in
                var options = shop.options(name)
                options.validationFile = options.trainFile
                options.average = share
                return options
            }
        }
    }
}
