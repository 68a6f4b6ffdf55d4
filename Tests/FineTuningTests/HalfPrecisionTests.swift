import BERT
import FineTuning
import Foundation
import StrictJSON
import Testing
import Torch
import Workshop

/// Training in float16 with a scaled loss, on the CPU by plain operations.
@Suite("Training in fp16")
struct HalfPrecisionTests {
    private func options(_ shop: Workshop, _ name: String) -> TrainingOptions {
        var options = shop.options(name)
        options.precision = .fp16
        return options
    }

    @Test("it learns as fp32 does", arguments: [false, true])
    func learns(graphs: Bool) throws {
        try withWorkshop { shop in
            try shop.withoutDropout()
            func losses(_ precision: Precision, graphs: Bool) throws -> [Double] {
                var options = options(shop, "run-\(precision)")
                (options.precision, options.cudaGraphs, options.epochs) = (precision, graphs, 4)
                return try Trainer.train(options).statistics.epochs.map(\.trainingLoss)
            }
            let whole = try losses(.fp32, graphs: false)
            let half =
                try graphs
                ? Runtime.walkingDevicePath { try losses(.fp16, graphs: true) } : losses(.fp16, graphs: false)
            for (a, b) in zip(whole, half) { #expect(abs(a - b) < 0.01 * a) }
            #expect((half.last ?? 1) < 0.9 * (half.first ?? 0))
        }
    }

    @Test("a run that is stopped after each step goes on with the same scale and the same bits")
    func resume() throws {
        try withWorkshop { shop in
            // Weights of this size let gradients overflow at the first scales.
            try shop.widenHead(by: 200)
            try shop.expectExactResume { options(shop, $0) }
            let last = try #require(try shop.newestCheckpoint("whole"))
            let state = try JSONValue.parse(shop.bytes("whole/checkpoints/\(last)/state.json"))
            let scale = try #require(state["loss_scale"]?.double)
            #expect(scale < 65_536 && scale >= 1 && scale.significand == 1)
            #expect((state["loss_scale_steps"]?.int ?? 0) > 0)
            #expect((state["skipped_rows"]?.int ?? -1) == 0)
            #expect((state["optimizer_step"]?.int ?? 99) < (state["step"]?.int ?? 0))
        }
    }

    @Test("a loss that is not finite ends the run as in other precisions")
    func notFinite() throws {
        try withWorkshop { shop in
            try shop.overload(["ada", "bob", "cleo", "dan", "eve", "finn"])
            var options = options(shop, "run")
            options.batchSize = 1
            let error = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(error?.kind == .notFinite)
        }
    }
}
