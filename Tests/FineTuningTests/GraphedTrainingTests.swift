import BERT
import FineTuning
import Foundation
import QuestionAnswering
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

    @Test("what cannot be recorded is refused with the option's name")
    func refused() throws {
        try withWorkshop { shop in
            func message(walking: Bool, _ change: (inout TrainingOptions) -> Void) -> String? {
                var options = options(shop, "run")
                change(&options)
                let error = #expect(throws: TrainingError.self) {
                    try walking
                        ? Runtime.walkingDevicePath { try Trainer.train(options) } : Trainer.train(options)
                }
                return error?.description
            }
            #expect(message(walking: false) { _ in }?.contains("`cuda_graphs` needs `device` cuda") == true)
            #expect(message(walking: true) { $0.labelSmoothing = 0.1 }?.contains("`label_smoothing`") == true)
            #expect(
                message(walking: true) { $0.gradientCheckpointing = true }?.contains("`gradient_checkpointing`")
                    == true)
        }
    }
}
