import BERT
import FineTuning
import Foundation
import QuestionAnswering
import SQuAD
import Testing
import Torch
import Workshop

/// Training by recorded graphs, on the CPU with the operations that a GPU would run.
@Suite("Training by graphs")
struct GraphedTrainingTests {
    private func options(_ shop: Workshop, _ name: String) -> TrainingOptions {
        var options = shop.options(name)
        (options.cudaGraphs, options.epochs, options.validationFraction) = (true, 2, 0.25)
        return options
    }

    private func files(_ shop: Workshop, _ name: String) throws -> [[UInt8]] {
        let last = try #require(try shop.newestCheckpoint(name))
        return try ["model.safetensors", "optimizer.safetensors"].map {
            try shop.bytes("\(name)/checkpoints/\(last)/\($0)")
        }
    }

    @Test(
        "a run that is stopped after each step, which records nothing, has the bits of one that replays graphs",
        arguments: [false, true])
    func resume(rounds: Bool) throws {
        try withWorkshop { shop in
            try Runtime.walkingDevicePath {
                try shop.expectExactResume { name in
                    var options = options(shop, name)
                    // A validation would be stopped for ever; see `expectExactResume`.
                    (options.validationFraction, options.precision) = (0, rounds ? .bf16 : .fp32)
                    return options
                }
            }
        }
    }

    @Test(
        "the losses are those of training without graphs, but for dropout's masks", arguments: [1, 3],
        [false, true])
    func losses(passes: Int, rounds: Bool) throws {
        try withWorkshop { shop in
            try Runtime.walkingDevicePath {
                try shop.withoutDropout()
                let losses = try [true, false].map { graphs in
                    var options = options(shop, "run-\(graphs)")
                    (options.cudaGraphs, options.batchSize, options.gradientAccumulationSteps) =
                        (graphs, 3 / passes, passes)
                    options.precision = rounds ? .bf16 : .fp32
                    return try Trainer.train(options).statistics.epochs.map(\.trainingLoss)
                }
                let tolerance = rounds ? 5e-3 : 1e-4
                for (a, b) in zip(losses[0], losses[1]) { #expect(abs(a - b) < tolerance * b) }
                #expect(losses[0].last ?? 1 < losses[0].first ?? 0)
            }
        }
    }

    @Test("a step that is not finite is skipped, and does not count")
    func notFinite() throws {
        try withWorkshop { shop in
            try Runtime.walkingDevicePath {
                try shop.overload(["finn"])
                let runs = try [1, 5].map { interval in
                    var options = options(shop, "every-\(interval)")
                    (options.batchSize, options.loggingSteps) = (2, interval)
                    (options.epochs, options.validationFraction) = (1, 0)
                    _ = try Trainer.train(options)
                    return try files(shop, "every-\(interval)")
                }
                #expect(runs[0] == runs[1])
            }
        }
    }

    /// Ways to train beyond one place a label and one run through each layer.
    enum Way: CaseIterable {
        case smoothing
        case severalPlaces
        case teacher
        case checkpointing
    }

    private func choose(_ way: Way, _ shop: Workshop, _ options: inout TrainingOptions) throws {
        switch way {
        case .smoothing: options.labelSmoothing = 0.2
        case .severalPlaces:
            // The text names the answer twice.
            var dataset = try Dataset(path: options.trainFile)
            for index in dataset.articles[0].paragraphs.indices {
                let paragraph = dataset.articles[0].paragraphs[index]
                dataset.articles[0].paragraphs[index].context = paragraph.context + " " + paragraph.context
            }
            try dataset.write(to: "\(shop.path)/twice.json")
            options.trainFile = "\(shop.path)/twice.json"
            options.trainFiles[0].answers = .anywhere
        case .teacher: options.teachers = ["\(shop.path)/model"]
        case .checkpointing: options.gradientCheckpointing = true
        }
    }

    @Test("other labels and checkpointing give the losses of training without graphs", arguments: Way.allCases, [1, 3])
    func ways(way: Way, passes: Int) throws {
        try withWorkshop { shop in
            try shop.withoutDropout()
            try Runtime.walkingDevicePath {
                let losses = try [true, false].map { graphs in
                    var options = options(shop, "run-\(graphs)")
                    (options.cudaGraphs, options.batchSize, options.gradientAccumulationSteps) =
                        (graphs, 3 / passes, passes)
                    try choose(way, shop, &options)
                    return try Trainer.train(options).statistics.epochs.map(\.trainingLoss)
                }
                for (a, b) in zip(losses[0], losses[1]) { #expect(abs(a - b) < 1e-4 * b, "\(losses)") }
                #expect(losses[0].last ?? 1 < losses[0].first ?? 0)
            }
        }
    }

    @Test(
        "a layer that runs again for its gradients draws the masks of its first run, recorded or not",
        arguments: [1, 3])
    func checkpointed(passes: Int) throws {
        try withWorkshop { shop in
            try Runtime.walkingDevicePath {
                let losses = try [true, false].map { checkpointing in
                    var options = options(shop, "run-\(checkpointing)")
                    (options.batchSize, options.gradientAccumulationSteps) = (3 / passes, passes)
                    (options.epochs, options.gradientCheckpointing) = (4, checkpointing)
                    return try Trainer.train(options).statistics.epochs.map(\.trainingLoss)
                }
                #expect(losses[0] == losses[1])
            }
        }
    }

    @Test("with checkpointing and a teacher, a run that is stopped after each step has the bits of one that is not")
    func resumeWays() throws {
        try withWorkshop { shop in
            try Runtime.walkingDevicePath {
                try shop.expectExactResume { name in
                    var options = options(shop, name)
                    (options.validationFraction, options.gradientCheckpointing) = (0, true)
                    (options.teachers, options.labelSmoothing) = (["\(shop.path)/model"], 0.1)
                    return options
                }
            }
        }
    }

    @Test("graphs are refused with the option's name where nothing can be recorded")
    func refused() throws {
        try withWorkshop { shop in
            let options = options(shop, "run")
            let error = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(error?.description.contains("`cuda_graphs` needs `device` cuda") == true)
        }
    }
}
