import BERT
import FineTuning
import Foundation
import QuestionAnswering
import StrictJSON
import Testing
import Workshop

@Suite("Losses read every so many steps")
struct LoggingStepsTests {
    private func files(_ shop: Workshop, _ name: String) throws -> [[UInt8]] {
        let last = try #require(try shop.newestCheckpoint(name))
        return try ["model.safetensors", "optimizer.safetensors"].map {
            try shop.bytes("\(name)/checkpoints/\(last)/\($0)")
        } + [shop.bytes("\(name)/tensorboard/events.out.tfevents.0000000000.bertqa")]
    }

    @Test("weights, moments, losses and events are those of a run that reads each", arguments: [2, 5, 100])
    func sameNumbers(interval: Int) throws {
        try withWorkshop { shop in
            // A step that is skipped is found out later, and counts as little.
            try shop.overload(["finn"])
            let losses = try [1, interval].map { steps in
                var options = shop.options("every-\(steps)")
                (options.batchSize, options.loggingSteps, options.tensorboard) = (1, steps, true)
                return try Trainer.train(options).statistics.epochs.map(\.trainingLoss)
            }
            #expect(losses[0] == losses[1])
            #expect(try files(shop, "every-1") == files(shop, "every-\(interval)"))
        }
    }

    @Test("a run that is stopped between two readings has lost nothing")
    func interrupted() throws {
        try withWorkshop { shop in
            var whole = shop.options("whole")
            (whole.batchSize, whole.loggingSteps, whole.tensorboard) = (1, 5, true)
            _ = try Trainer.train(whole)
            var broken = shop.options("broken")
            (broken.batchSize, broken.loggingSteps, broken.tensorboard, broken.saveSteps) = (1, 5, true, 3)
            let flag = InterruptFlag()
            flag.raise()
            var stops = 0
            while stops < 7 {
                #expect(throws: TrainingError.self) { try Trainer.train(broken, interrupt: flag) }
                broken.resume = true
                stops += 1
            }
            broken.loggingSteps = 4
            _ = try Trainer.train(broken)
            #expect(try files(shop, "whole") == files(shop, "broken"))
        }
    }

    @Test("too many steps in a row that are not finite end the run, which names the step")
    func notFinite() throws {
        try withWorkshop { shop in
            try shop.overload(["ada", "bob", "cleo", "dan", "eve", "finn"])
            var options = shop.options("run")
            (options.batchSize, options.loggingSteps) = (1, 6)
            let error = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(error?.kind == .notFinite)
            #expect(error?.description.hasPrefix("the loss at step \(options.maxSkippedSteps + 1) ") == true)
        }
    }
}
