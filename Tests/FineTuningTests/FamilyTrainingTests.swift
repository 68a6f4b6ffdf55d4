import BERT
import FineTuning
import Foundation
import Planning
import QuestionAnswering
import StrictJSON
import Testing
import Tokenizers
import Torch
import Workshop

/// What every family shares, once for each: a run, its end and going on, reading in each precision, the plan.
@Suite("A family", .serialized)
struct FamilyTrainingTests {
    private static let others = EncoderFamily.allCases.filter { $0 != .bert }

    @Test(
        "trains with dropout, and a run that was stopped ends with the same bits; its model is the family's",
        arguments: others)
    func resume(family: EncoderFamily) throws {
        try withWorkshop(family: family) { shop in
            let whole = shop.options("whole")
            _ = try Trainer.train(whole)
            var broken = shop.options("broken")
            let flag = InterruptFlag()
            flag.raise()
            #expect(throws: TrainingError.self) { try Trainer.train(broken, interrupt: flag) }
            (broken.resume, broken.gradientCheckpointing) = (true, true)
            _ = try Trainer.train(broken)
            #expect(try shop.bytes("whole/model.safetensors") == shop.bytes("broken/model.safetensors"))
            let record = try JSONValue.parse(shop.bytes("whole/config.json"))
            #expect(record["model_type"]?.string == family.rawValue)
            #expect(record["architectures"]?.array?.first?.string?.hasSuffix("ForQuestionAnswering") == true)
        }
    }

    @Test("answers alike in float32, bfloat16 and 8-bit integers", arguments: others)
    func precisions(family: EncoderFamily) throws {
        try withWorkshop(family: family) { shop in
            let logits = try Precision.allCases.filter { $0 != .int8 || Runtime.cpuMultipliesInt8 }.map { precision in
                let loaded = try LoadedModel(
                    directory: "\(shop.path)/model", use: .inference, precision: precision, device: .cpu,
                    allowsUnmeasuredInt8: true)
                let ids = (0..<Int64(40)).map { 5 + $0 % 23 }
                let input = try EncoderInput(
                    ids: ids, typeIDs: ids.map { _ in 0 }, lengths: [40], numbering: loaded.model.config.positions)
                return try withoutGradients { () throws(TorchError) in
                    try loaded.model(input).to(.float32).array() as [Float]
                }
            }
            let scale = logits[0].map(abs).max() ?? 0
            for other in logits.dropFirst() {
                let worst = zip(logits[0], other).map { abs($0 - $1) }.max() ?? 0
                #expect(worst < 0.1 * scale, "\(worst) of \(scale)")
            }
        }
    }

    @Test("is planned with all its parameters, and takes rows as long as its positions", arguments: others)
    func plan(family: EncoderFamily) throws {
        try withWorkshop(family: family) { shop in
            let loaded = try LoadedModel(
                directory: "\(shop.path)/model", use: .training, precision: .fp32, device: .cpu)
            #expect(loaded.model.config.longestRow == 64)
            var options = shop.options("run")
            options.features.maxLength = 64
            let planned = try PlannedRun(options: options, memory: MemorySize(bytes: 8 << 30), mapped: 100 << 20)
            #expect(planned.parameterCount == loaded.model.parameters.elementCount)
            #expect(planned.predict.bytes > 100 << 20)
            options.features.maxLength = 65
            let error = try #require(throws: (any Error).self) { try Trainer.train(options) }
            #expect("\(error)".contains("64 positions"))
        }
    }
}
