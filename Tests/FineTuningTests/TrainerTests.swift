import BERT
import Checkpoints
import FineTuning
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON
import Testing
import Tokenizers
import Torch
import Workshop

/// Whole runs of a tiny model: what a checkpoint holds, and what a run is a function of.
@Suite("Training runs", .serialized)
struct TrainerTests {
    @Test("a run writes what the contract names, and learns its training questions by heart")
    func learns() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.learningRate = 3e-3
            options.epochs = 100
            options.validationFile = options.trainFile
            let summary = try Trainer.train(options)
            #expect(summary.steps == 300)
            let best = try #require(summary.bestEpoch)
            let losses = summary.statistics.epochs.map(\.trainingLoss)
            #expect(losses[99] < losses[0] / 3)
            #expect((summary.statistics.epochs[best - 1].validation?.f1 ?? 0) > 80)
            for name in [
                "config.json", "model.safetensors", "vocab.txt", "tokenizer.json", "tokenizer_config.json", "run.json",
                "training_stats.json", "learning_curve.svg", "learning_curve.png",
            ] {
                #expect(FileManager.default.fileExists(atPath: "\(options.outputDirectory)/\(name)"), "\(name)")
            }
            let stats = try JSONValue.parse(shop.bytes("run/training_stats.json"))
            for key in ["training_loss", "valid_loss", "valid_accuracy", "training_time", "valid_time"] {
                #expect(stats["epoch_1"]?[key] != nil, "\(key)")
            }
            // The kept model is the best epoch's, and loads by itself.
            let loaded = try LoadedModel(
                directory: options.outputDirectory, use: .inference, precision: .fp32, device: .cpu)
            #expect(loaded.newKeys.isEmpty)
        }
    }

    @Test(
        "going on from a model that already answers keeps its head; a threshold goes where questions without answers go"
    )
    func goingOn() throws {
        try withWorkshop { shop in
            try Workshop.version2.write(to: "\(shop.path)/v2.json")
            var first = shop.options("first")
            (first.trainFile, first.validationFile) = ("\(shop.path)/v2.json", "\(shop.path)/v2.json")
            _ = try Trainer.train(first)
            #expect(try EncoderConfig(directory: first.outputDirectory).noAnswerThreshold != nil)
            var second = shop.options("second")
            second.model = first.outputDirectory
            second.learningRate = 1e-12
            _ = try Trainer.train(second)
            #expect(try EncoderConfig(directory: second.outputDirectory).noAnswerThreshold == nil)
            let heads = try [first, second].map { options in
                let file = try SafetensorsFile(path: "\(options.outputDirectory)/model.safetensors")
                return try #require(file["qa_outputs.weight"]).tensor().array() as [Float]
            }
            for (a, b) in zip(heads[0], heads[1]) { #expect(abs(a - b) < 1e-6) }
        }
    }

    @Test("the same seed gives the same weights, bit for bit; another seed others")
    func reproducible() throws {
        try withWorkshop { shop in
            for (name, seed) in [("a", 1), ("b", 1), ("c", 2)] {
                var options = shop.options(name)
                options.seed = UInt64(seed)
                _ = try Trainer.train(options)
            }
            #expect(try shop.bytes("a/model.safetensors") == shop.bytes("b/model.safetensors"))
            #expect(try shop.bytes("a/model.safetensors") != shop.bytes("c/model.safetensors"))
        }
    }

    @Test(
        "a run that goes on with gradient checkpointing ends with the bits of one that never had it",
        arguments: [Precision.fp32, .bf16])
    func checkpointing(precision: BERT.Precision) throws {
        try withWorkshop { shop in
            var whole = shop.options("whole")
            whole.precision = precision
            _ = try Trainer.train(whole)
            var broken = shop.options("broken")
            broken.precision = precision
            let flag = InterruptFlag()
            flag.raise()
            #expect(throws: TrainingError.self) { try Trainer.train(broken, interrupt: flag) }
            (broken.resume, broken.gradientCheckpointing) = (true, true)
            _ = try Trainer.train(broken)
            #expect(try shop.bytes("whole/model.safetensors") == shop.bytes("broken/model.safetensors"))
            let record = try JSONValue.parse(shop.bytes("broken/run.json"))
            #expect(record["options"]?["gradient_checkpointing"]?.bool == true)
        }
    }

    @Test(
        "a run stopped after every single step and resumed ends bit-equal to one that never stopped",
        arguments: [Precision.fp32, .bf16], [1, 2])
    func exactResume(precision: BERT.Precision, accumulation: Int) throws {
        try withWorkshop { shop in
            func options(_ name: String) -> TrainingOptions {
                var options = shop.options(name)
                options.precision = precision
                options.gradientAccumulationSteps = accumulation
                options.validationFile = options.trainFile
                options.warmupRatio = 0.2
                options.weightDecay = 0.01
                return options
            }
            try shop.expectExactResume(options)
        }
    }

    @Test("two hundred steps in bfloat16 go where those in float32 go")
    func bfloat16() throws {
        try withWorkshop { shop in
            let losses = try [Precision.fp32, .bf16].map { precision in
                var options = shop.options(precision.rawValue)
                options.precision = precision
                options.batchSize = 1
                options.epochs = 17
                options.learningRate = 3e-4
                return try Trainer.train(options).statistics.epochs.map(\.trainingLoss)
            }
            let (first, last) = (losses[0][0], losses[0][16])
            #expect(last < 0.8 * first, "\(losses[0])")
            for (a, b) in zip(losses[0], losses[1]) {
                #expect(abs(a - b) < 0.05 * (first - last) + 0.02 * a, "\(a) \(b)")
            }
        }
    }

    @Test("rows in one pass or in several give the same step to rounding, dropout included")
    func accumulation() throws {
        try withWorkshop { shop in
            var one = shop.options("one")
            one.batchSize = 4
            one.epochs = 1
            var four = shop.options("four")
            four.batchSize = 1
            four.gradientAccumulationSteps = 4
            four.epochs = 1
            let first = try Trainer.train(one)
            let second = try Trainer.train(four)
            #expect(first.steps == second.steps)
            let (a, b) = (first.statistics.epochs[0].trainingLoss, second.statistics.epochs[0].trainingLoss)
            #expect(abs(a - b) < 1e-4 * abs(a))
        }
    }

    @Test("a run is resumed only with the settings it was started with, and the error names what differs")
    func otherSettings() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            _ = try Trainer.train(options)
            let used = #expect(throws: TrainingError.self) { try PreparedRun.readAgreeLockAndRecord(options) }
            #expect(used?.description.contains("already holds a run") == true)
            options.resume = true
            options.learningRate = 0.5
            let other = #expect(throws: TrainingError.self) { try PreparedRun.readAgreeLockAndRecord(options) }
            #expect(other?.description.contains("learning_rate") == true)
        }
    }

    @Test("a folder that holds a model of another origin, such as the pretrained one, is not written to")
    func pretrained() throws {
        try withWorkshop { shop in
            var options = shop.options("model")
            let before = try shop.bytes("model/model.safetensors")
            for resume in [false, true] {
                options.resume = resume
                let error = #expect(throws: TrainingError.self) { try Trainer.train(options) }
                #expect(error?.description.contains("already holds a model (config.json)") == true)
            }
            #expect(try shop.bytes("model/model.safetensors") == before)
        }
    }

    @Test("a damaged newest checkpoint is passed over for the one before")
    func damaged() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.saveSteps = 1
            options.maxSteps = 4
            _ = try Trainer.train(options)
            let weights = try shop.bytes("run/model.safetensors")
            let newest = try #require(try shop.newestCheckpoint("run"))
            let path = "\(options.outputDirectory)/checkpoints/\(newest)/optimizer.safetensors"
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(fileURLWithPath: path))
            options.resume = true
            let summary = try Trainer.train(options)
            #expect(summary.steps == 4)
            #expect(try shop.bytes("run/model.safetensors") == weights)
        }
    }

    @Test("weights that are not finite are refused before training, by name")
    func nonFiniteWeights() throws {
        try withWorkshop { shop in
            try shop.poison()
            let error = #expect(throws: TrainingError.self) {
                _ = try PreparedRun.readAgreeLockAndRecord(shop.options("run"))
            }
            #expect(error?.description.contains("bert.encoder.layer.1.output.dense.bias") == true)
        }
    }

    @Test("a step whose loss is not finite is skipped, its rows don't count, and the weights stay as they were")
    func skippedSteps() throws {
        try withWorkshop { shop in
            try shop.overload(["finn"])
            var options = shop.options("run")
            options.batchSize = 1
            options.epochs = 1
            options.saveSteps = 1
            options.checkpointsKept = 100
            let summary = try Trainer.train(options)
            #expect(summary.steps == 12)
            let epoch = try #require(summary.statistics.epochs.first)
            #expect(epoch.trainingLoss.isFinite && epoch.trainingLoss > 0)
            let states = try (1...12).map { step in
                let digits = step < 10 ? "0\(step)" : "\(step)"
                let checkpoint = "run/checkpoints/step-000000\(digits)"
                let state = try JSONValue.parse(shop.bytes("\(checkpoint)/state.json"))
                return (state, try shop.bytes("\(checkpoint)/model.safetensors"))
            }
            // Two questions have the word; a step is either the optimizer's or skipped.
            #expect(states.last?.0["optimizer_step"]?.int == 10)
            for (before, after) in zip(states, states.dropFirst()) {
                let isSkipped = before.0["optimizer_step"]?.int == after.0["optimizer_step"]?.int
                #expect((before.1 == after.1) == isSkipped)
            }
        }
    }

    @Test("a run of skipped steps stops, names the step, and leaves the last checkpoint whole")
    func notFinite() throws {
        try withWorkshop { shop in
            try shop.overload(["ada", "bob", "cleo", "dan", "eve", "finn"])
            var options = shop.options("run")
            options.batchSize = 1
            options.saveSteps = 1
            let error = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(error?.kind == .notFinite)
            let message = error?.description ?? ""
            #expect(message.hasPrefix("the loss at step \(options.maxSkippedSteps + 1) "))
            #expect(message.contains("4 such steps in a row"))
            #expect(try shop.newestCheckpoint("run") == "step-00000003")
        }
    }

    @Test("a fault is told by the name of the first weights or gradients that are not finite")
    func faults() throws {
        let names = ["a", "b"]
        let tensors = try names.map { name in
            let tensor = try Tensor.of([1, 2] as [Float], shape: [2])
            try tensor.setRequiresGradient(true)
            return (name: name, tensor: tensor)
        }
        let optimizer = try AdamW(parameters: tensors, decays: { _ in false })
        func fault(_ loss: Double) throws -> NumericFault? {
            let norms: [Float] = try optimizer.clipGradientsDeferred(maxNorm: 0).array()
            return try NumericFault.find(loss: loss, norms: norms, in: optimizer.slots)
        }
        #expect(try fault(1) == nil)
        #expect(try fault(.nan) == NumericFault(what: "the loss", isLasting: false))
        let huge = try Tensor.of([.infinity, 0] as [Float], shape: [2])
        try ((tensors[0].tensor * 1) + (tensors[1].tensor * huge)).sum().backward()
        #expect(try fault(1) == NumericFault(what: "the gradient of b", isLasting: false))
        let joint = try NumericFault.find(loss: 1, norms: [.infinity, 3e38, 3e38], in: optimizer.slots)
        #expect(joint == NumericFault(what: "the norm of the gradients", isLasting: false))
        try withoutGradients { () throws(TorchError) in try tensors[1].tensor.assign(huge) }
        #expect(try fault(1) == NumericFault(what: "the weights b", isLasting: true))
    }

    @Test("saving over a model that others have mapped leaves them what they had")
    func mapped() throws {
        try withWorkshop { shop in
            _ = try Trainer.train(shop.options("run"))
            let reader = try LoadedModel(
                directory: "\(shop.path)/run", use: .inference, precision: .fp32, device: .cpu)
            func weights() throws -> [[Float]] {
                try reader.model.parameters.all.map { try $0.tensor.to(.float32).array() }
            }
            let before = try weights()
            var options = shop.options("run")
            options.resume = true
            options.epochs = 2
            try FileManager.default.removeItem(atPath: "\(shop.path)/run/checkpoints")
            options.seed = 7
            _ = try Trainer.train(options)
            #expect(try weights() == before)
            let after = try LoadedModel(
                directory: "\(shop.path)/run", use: .inference, precision: .fp32, device: .cpu)
            #expect(try after.model.parameters.all.map { try $0.tensor.to(.float32).array() as [Float] } != before)
        }
    }

    @Test("questions that cannot be trained on are skipped and counted, the rest is used")
    func skipping() throws {
        try withWorkshop { shop in
            var dataset = try Dataset(path: shop.options("x").trainFile)
            dataset.articles[0].paragraphs[0].questions[0].answers[0].start += 1
            let path = "\(shop.path)/broken.json"
            try dataset.write(to: path)
            var options = shop.options("run")
            options.trainFile = path
            let data = try TrainingData(options: options, tokenizer: shop.tokenizer)
            #expect(data.skipped.map(\.questionID) == ["0"])
            #expect(data.training.features.count == 11)
        }
    }

    @Test("a split is a function of its seed and loses no question")
    func split() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.validationFraction = 0.25
            let first = try TrainingData(options: options, tokenizer: shop.tokenizer)
            let again = try TrainingData(options: options, tokenizer: shop.tokenizer)
            #expect(first.training.features.count == 9)
            #expect(first.validationExamples.map(\.id) == again.validationExamples.map(\.id))
            #expect(first.validationExamples.count == 3)
            options.seed = 7
            let other = try TrainingData(options: options, tokenizer: shop.tokenizer)
            #expect(first.validationExamples.map(\.id) != other.validationExamples.map(\.id))
        }
    }

    @Test("what a killed run had begun to write is removed by the next")
    func unfinished() throws {
        try withWorkshop { shop in
            _ = try Trainer.train(shop.options("run"))
            for name in [".dat.nosync19CE.yc0emf", "model.safetensors.partial"] {
                try "x".write(toFile: "\(shop.path)/run/\(name)", atomically: false, encoding: .utf8)
            }
            let before = Set(try FileManager.default.contentsOfDirectory(atPath: "\(shop.path)/run"))
            var options = shop.options("run")
            options.resume = true
            _ = try PreparedRun.readAgreeLockAndRecord(options)
            let after = Set(try FileManager.default.contentsOfDirectory(atPath: "\(shop.path)/run"))
            #expect(before.subtracting(after) == [".dat.nosync19CE.yc0emf", "model.safetensors.partial"])
        }
    }

    @Test("two runs cannot write to one directory at once")
    func lock() throws {
        try withWorkshop { shop in
            let first = try PreparedRun.readAgreeLockAndRecord(shop.options("run"))
            let error = #expect(throws: TrainingError.self) {
                var options = shop.options("run")
                options.resume = true
                _ = try PreparedRun.readAgreeLockAndRecord(options)
            }
            #expect(error?.description.contains("another run") == true)
            withExtendedLifetime(first) {}
        }
    }
}
