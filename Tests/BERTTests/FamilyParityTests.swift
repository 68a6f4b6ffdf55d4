import BERT
import Checkpoints
import StrictJSON
import TestDevice
import Testing
import Torch

/// Each family's parity with transformers, on fixtures by `Tools/make_family_fixtures.py`, which says where they come
/// from. XLM-RoBERTa and CamemBERT compute what RoBERTa computes.
@Suite("Parity of a family")
struct FamilyParityTests {
    private static let families: [EncoderFamily] = [.distilbert, .electra, .roberta]

    private func model(
        _ family: EncoderFamily, _ use: ParameterUse = .training, _ precision: Precision = .fp32
    ) throws -> QuestionAnsweringModel {
        try QuestionAnsweringModel(
            directory: ModelDirectory(path: fixture("families/\(family.rawValue)/model")), use: use,
            precision: precision, device: TestDevice.current())
    }

    private func file(_ family: EncoderFamily, _ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(path: fixture("families/\(family.rawValue)/\(name).safetensors"))
    }

    /// Parameters whose gradient is nought but for rounding: a softmax does not change when all its inputs move alike.
    private func hasNoGradient(_ name: String) -> Bool {
        name.hasSuffix(".key.bias") || name.hasSuffix(".k_lin.bias") || name == "qa_outputs.bias"
            || name.contains("layer.1.output.LayerNorm.bias") || name.contains("layer.1.output_layer_norm.bias")
    }

    @Test("rows of different lengths: hidden states and logits of every token", arguments: families)
    func logits(family: EncoderFamily) throws {
        try expectParity(model(family, .inference), file(family, "batch"))
    }

    @Test(
        "the loss and the gradient of every parameter", arguments: families,
        [(Precision.fp32, 1e-5), (.bf16, 2e-2)])
    func gradients(family: EncoderFamily, in precision: (Precision, Double)) throws {
        let tolerance = try TestDevice.tolerance(precision.1)
        // Rounding to bfloat16 does not spread evenly: a small parameter may get more than its share.
        let share = precision.0 == .fp32 ? 1.0 : 3
        let (file, expected) = (try file(family, "batch"), try file(family, "gradients"))
        let model = try model(family, .training, precision.0)
        let batch = try ParityBatch(file, numbering: model.config.positions)
        let loss = try model.loss(batch.input, targets: batch.targets, rowDivisor: Double(batch.rows))
        try loss.backward()
        #expect(try abs(loss.item() - numbers(file, "loss")[0]) / numbers(file, "loss")[0] < tolerance)
        #expect(model.parameters.all.map(\.name).sorted() == expected.names.sorted())
        var (differences, all): ([Double], [Double]) = ([], [])
        for (name, tensor) in model.parameters.all {
            let measured = try array(#require(try tensor.gradient(), "\(name) has no gradient"))
            let wanted = try numbers(expected, name)
            differences += zip(measured, wanted).map { $0 - $1 }
            all += wanted
            if hasNoGradient(name) {
                #expect(length(measured) < tolerance, "\(name): \(length(measured))")
            } else {
                let difference = length(zip(measured, wanted).map { $0 - $1 }) / length(wanted)
                #expect(difference < share * tolerance, "\(name): \(difference)")
            }
        }
        #expect(length(differences) / length(all) < tolerance)
    }

    @Test("ten AdamW steps with decay, clipping and schedule: losses, norms and final weights", arguments: families)
    func tenSteps(family: EncoderFamily) throws {
        let curve = try fixtureJSON("families/\(family.rawValue)/steps.json")
        let (file, final) = (try file(family, "steps"), try file(family, "final"))
        let model = try model(family)
        var options = AdamW.Options()
        options.weightDecay = 0.01
        let optimizer = try AdamW(
            parameters: model.parameters.all, options: options, decays: ModelParameters.decays)
        let rates = try doubles(curve["learning_rates"])
        let (losses, norms) = (try doubles(curve["losses"]), try doubles(curve["gradient_norms"]))
        try #require(rates.count == 10 && losses.count == 10 && norms.count == 10)
        for step in 0..<10 {
            let batch = try ParityBatch(file, prefix: "\(step).", numbering: model.config.positions)
            try optimizer.clearGradients()
            let loss = try model.loss(batch.input, targets: batch.targets, rowDivisor: Double(batch.rows))
            try loss.backward()
            let norm = try optimizer.clipGradients(maxNorm: 1)
            try optimizer.update(learningRate: rates[step])
            #expect(try abs(loss.item() - losses[step]) / losses[step] < 1e-4, "loss of step \(step)")
            #expect(abs(norm - norms[step]) / norms[step] < 1e-3, "norm of step \(step)")
        }
        // AdamW moves a weight whose gradient is all rounding by up to the learning rate, in either direction.
        for (name, tensor) in model.parameters.all where !hasNoGradient(name) {
            let (measured, expected) = (try array(tensor), try numbers(final, name))
            let close = zip(measured, expected).count { abs($0 - $1) < 2e-5 }
            #expect(Double(close) >= 0.97 * Double(expected.count), "\(name): \(close) of \(expected.count)")
        }
    }

    @Test("a text that spells out RoBERTa's padding token: it has no position of its own")
    func spelledPadding() throws {
        let limit = try TestDevice.tolerance(1e-5)
        let file = try file(.roberta, "spelled_padding")
        let model = try model(.roberta, .inference)
        let ids = try integers(file, "ids")
        let input = try EncoderInput(
            ids: ids, typeIDs: ids.map { _ in 0 }, lengths: [ids.count], numbering: model.config.positions,
            device: TestDevice.current())
        let logits = try model(input)
        #expect(try error(array(logits.slice(dim: 1, 0..<1)), numbers(file, "start_logits")) < limit)
        #expect(try error(array(logits.slice(dim: 1, 1..<2)), numbers(file, "end_logits")) < limit)
    }

    @Test("dropout before DistilBERT's head: a function of seed and step, also with layers that are computed again")
    func headDropout() throws {
        let file = try file(.distilbert, "batch")
        let batch = try ParityBatch(file)
        let model = try model(.distilbert, .inference)
        var config = model.config
        #expect(config.headDropout == 0)
        config.headDropout = 0.5
        func loss(step: Int, checkpointing: Bool = false) throws -> Double {
            try model.loss(
                batch.input, targets: batch.targets, rowDivisor: 4,
                dropout: DropoutSource(config: config, seed: 1, step: step), checkpointing: checkpointing
            ).item()
        }
        let plain = try model.loss(batch.input, targets: batch.targets, rowDivisor: 4).item()
        #expect(try loss(step: 1) == loss(step: 1) && loss(step: 1) == loss(step: 1, checkpointing: true))
        #expect(try Set([plain, loss(step: 1), loss(step: 2)]).count == 3)
    }
}
