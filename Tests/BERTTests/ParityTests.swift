import BERT
import Checkpoints
import Foundation
import Scratch
import StrictJSON
import TestDevice
import Testing
import Torch

/// The ladder of parity with transformers; fixtures by `Tools/make_parity_fixtures.py`, which says where they come
/// from.
@Suite("Parity with transformers")
struct ParityTests {
    /// Parameters whose gradient is nought but for rounding: a softmax does not change when all its inputs move alike.
    private static func hasNoGradient(_ name: String) -> Bool {
        name.hasSuffix("attention.self.key.bias") || name == "qa_outputs.bias"
            || name == "bert.encoder.layer.2.output.LayerNorm.bias"
    }

    private func tinyBert(
        _ use: ParameterUse = .training, _ precision: Precision = .fp32
    ) throws -> QuestionAnsweringModel {
        try QuestionAnsweringModel(
            directory: ModelDirectory(path: fixture("tiny_bert")), use: use, precision: precision,
            device: TestDevice.current())
    }

    @Test("one layer: its output and the gradient of its input")
    func oneLayer() throws {
        let limit = try TestDevice.tolerance(1e-5)
        let file = try SafetensorsFile(path: fixture("tiny_bert/layer.safetensors"))
        let starts = try integers(file, "row_starts").map(Int.init)
        let rows = try PackedRows(lengths: zip(starts.dropFirst(), starts).map { $0 - $1 })
        let input = try Tensor.of(numbers(file, "input").map(Float.init), shape: [40, 32]).onTestDevice()
        try input.setRequiresGradient(true)
        let output = try tinyBert().encoder.layers[0](
            HiddenStates(input, precision: .fp32), rows: rows, dropout: .none
        ).full
        try output.backward(
            gradient: Tensor.of(numbers(file, "output_gradient").map(Float.init), shape: [40, 32]).onTestDevice())
        #expect(try error(array(output), numbers(file, "output")) < limit)
        #expect(try error(array(#require(try input.gradient())), numbers(file, "input_gradient")) < limit)
    }

    @Test("rows of different lengths: hidden states and logits of every real token")
    func logits() throws {
        try expectParity(tinyBert(.inference), SafetensorsFile(path: fixture("tiny_bert/batch.safetensors")))
    }

    @Test(
        "a filler makes the number of tokens one of few, and is at most 3 per cent of a large batch",
        arguments: [(1, 16), (16, 16), (17, 32), (511, 512), (513, 528), (1025, 1056), (2100, 2112), (4097, 4224)])
    func filler(tokens: Int, filled: Int) throws {
        let ids = [Int64](repeating: 1, count: tokens)
        let input = try EncoderInput(ids: ids, typeIDs: ids, lengths: [tokens])
        #expect(input.ids.shape == [filled] && input.filledRows.tokenCount == filled)
        #expect(input.rows.tokenCount == tokens && input.rows.count == 1)
    }

    @Test("the loss and the gradient of every parameter", arguments: [(Precision.fp32, 1e-5), (.bf16, 2e-2)])
    func gradients(precision: Precision, tolerance cpu: Double) throws {
        let tolerance = try TestDevice.tolerance(cpu)
        // Rounding to bfloat16 does not spread evenly: a small parameter may get more than its share; a GPU rounds once
        // more, after the bias of a product.
        let share = precision == .fp32 ? 1.0 : try TestDevice.current() == .cpu ? 2 : 3
        let file = try SafetensorsFile(path: fixture("tiny_bert/batch.safetensors"))
        let expected = try SafetensorsFile(path: fixture("tiny_bert/gradients.safetensors"))
        let batch = try ParityBatch(file)
        let model = try tinyBert(.training, precision)
        let loss = try model.loss(batch.input, targets: batch.targets, rowDivisor: Double(batch.rows))
        try loss.backward()
        #expect(try abs(loss.item() - numbers(file, "loss")[0]) / numbers(file, "loss")[0] < tolerance)
        var (differences, all): ([Double], [Double]) = ([], [])
        for (name, tensor) in model.parameters.all {
            let measured = try array(#require(try tensor.gradient(), "\(name) has no gradient"))
            let wanted = try numbers(expected, name)
            differences += zip(measured, wanted).map { $0 - $1 }
            all += wanted
            if Self.hasNoGradient(name) {
                #expect(length(measured) < tolerance, "\(name): \(length(measured))")
            } else {
                let difference = length(zip(measured, wanted).map { $0 - $1 }) / length(wanted)
                #expect(difference < share * tolerance, "\(name): \(difference)")
            }
        }
        #expect(length(differences) / length(all) < tolerance)
    }

    @Test("rows of one length: transformers' own loss")
    func equalRows() throws {
        let limit = try TestDevice.tolerance(1e-5)
        let file = try SafetensorsFile(path: fixture("tiny_bert/equal_rows.safetensors"))
        let batch = try ParityBatch(file)
        let model = try tinyBert()
        let loss = try model.loss(batch.input, targets: batch.targets, rowDivisor: Double(batch.rows))
        try loss.backward()
        #expect(try abs(loss.item() - numbers(file, "loss")[0]) < limit)
        let optimizer = try AdamW(parameters: model.parameters.all, decays: ModelParameters.decays)
        let norm = try optimizer.clipGradients(maxNorm: 0)
        #expect(try abs(norm - numbers(file, "gradient_norm")[0]) / norm < limit)
    }

    @Test(
        "ten AdamW steps: losses, gradient norms and final weights, with decay, clipping and schedule",
        arguments: ["plain", "decay", "clipped"])
    func tenSteps(variant: String) throws {
        let curve = try #require(try fixtureJSON("adamw/curves.json")[variant])
        let file = try SafetensorsFile(path: fixture("adamw/batches.safetensors"))
        let model = try tinyBert()
        var options = AdamW.Options()
        options.weightDecay = curve["decay"]?.double ?? 0
        let optimizer = try AdamW(
            parameters: model.parameters.all, options: options, decays: ModelParameters.decays)
        let rates = try doubles(curve["learning_rates"])
        let losses = try doubles(curve["losses"])
        let norms = try doubles(curve["gradient_norms"])
        try #require(rates.count == 10 && losses.count == 10 && norms.count == 10)
        for step in 0..<10 {
            let batch = try ParityBatch(file, prefix: "\(step).")
            try optimizer.clearGradients()
            let loss = try model.loss(batch.input, targets: batch.targets, rowDivisor: Double(batch.rows))
            try loss.backward()
            let norm = try optimizer.clipGradients(maxNorm: curve["clip"]?.double ?? 0)
            try optimizer.update(learningRate: rates[step])
            #expect(try abs(loss.item() - losses[step]) / losses[step] < 1e-4, "loss of step \(step)")
            #expect(abs(norm - norms[step]) / norms[step] < 1e-3, "norm of step \(step)")
        }
        try compareWeights(model, variant: variant, sums: #require(curve["sums"]?.object))
    }

    private func compareWeights(_ model: QuestionAnsweringModel, variant: String, sums: JSONObject) throws {
        let whole = try SafetensorsFile(path: fixture("adamw/final_decay.safetensors"))
        let some = try SafetensorsFile(path: fixture("adamw/final_some.safetensors"))
        var compared = 0
        // AdamW moves a weight whose gradient is all rounding by up to the learning rate, in either direction.
        for (name, tensor) in model.parameters.all where !Self.hasNoGradient(name) {
            let measured = try array(tensor)
            let expected =
                variant == "decay"
                ? try numbers(whole, name)
                : some["\(variant).\(name)"] == nil ? nil : try numbers(some, "\(variant).\(name)")
            if let expected {
                let close = zip(measured, expected).count { abs($0 - $1) < 2e-5 }
                #expect(Double(close) >= 0.97 * Double(expected.count), "\(name): \(close) of \(expected.count)")
                compared += 1
            }
            let sum = try doubles(sums[name])
            let magnitude = measured.reduce(0) { $0 + abs($1) }
            #expect(abs(magnitude - sum[1]) < 1e-3 * max(1, sum[1]), "\(name)")
        }
        #expect(compared >= (variant == "decay" ? 40 : 4))
    }

    @Test("dropout changes the loss, is a function of seed and step, and is off without a source")
    func dropout() throws {
        let file = try SafetensorsFile(path: fixture("tiny_bert/batch.safetensors"))
        let batch = try ParityBatch(file)
        let model = try tinyBert(.inference)
        var config = model.config
        config.hiddenDropout = 0.1
        config.attentionDropout = 0.1
        func loss(seed: UInt64, step: Int) throws -> Double {
            try model.loss(
                batch.input, targets: batch.targets, rowDivisor: 5,
                dropout: DropoutSource(config: config, seed: seed, step: step)
            ).item()
        }
        let plain = try model.loss(batch.input, targets: batch.targets, rowDivisor: 5).item()
        #expect(try loss(seed: 1, step: 1) == loss(seed: 1, step: 1))
        #expect(try Set([plain, loss(seed: 1, step: 1), loss(seed: 1, step: 2), loss(seed: 2, step: 1)]).count == 4)
    }

    @Test(
        "checkpoints of every kind of BERT load, and what is missing is only the head",
        arguments: [
            ("base", true), ("legacy", true), ("masked_lm", true), ("pretraining", true),
            ("question_answering", false), ("sharded", false),
        ])
    func keyFormats(name: String, newHead: Bool) throws {
        let directory = try ModelDirectory(path: fixture("key_formats/\(name)"))
        let model = try QuestionAnsweringModel(directory: directory, use: .training, precision: .fp32)
        let reference = try QuestionAnsweringModel(
            directory: ModelDirectory(path: fixture("key_formats/question_answering")), use: .training,
            precision: .fp32)
        #expect(try directory.contents().newKeys.isEmpty == !newHead)
        for (name, tensor) in model.parameters.all where !name.hasPrefix("qa_outputs") {
            #expect(try array(tensor) == array(#require(reference.parameters[name])), "\(name)")
        }
        if newHead {
            #expect(throws: CheckpointError.self) {
                try QuestionAnsweringModel(directory: directory, use: .inference, precision: .fp32)
            }
        }
    }

    @Test("a model with one segment type gives question and context that type")
    func oneType() throws {
        let limit = try TestDevice.tolerance(1e-5)
        let expected = try SafetensorsFile(path: fixture("one_type/logits.safetensors"))
        let model = try QuestionAnsweringModel(
            directory: ModelDirectory(path: fixture("one_type")), use: .inference, precision: .fp32,
            device: TestDevice.current())
        let ids = try integers(expected, "ids")
        let input = try EncoderInput(
            ids: ids, typeIDs: [0, 0, 0, 1, 1, 1, 1], lengths: [ids.count], device: TestDevice.current())
        let logits = try model(input)
        #expect(try error(array(logits.slice(dim: 1, 0..<1)), numbers(expected, "start_logits")) < limit)
        #expect(try error(array(logits.slice(dim: 1, 1..<2)), numbers(expected, "end_logits")) < limit)
    }

    @Test("weights written are the weights read")
    func writing() throws {
        try withTemporaryDirectory { directory in
            let model = try tinyBert()
            try model.writeWeights(to: "\(directory)/model.safetensors")
            try model.config.write(toDirectory: directory)
            let again = try QuestionAnsweringModel(
                directory: ModelDirectory(path: directory), use: .inference, precision: .fp32)
            for (name, tensor) in model.parameters.all {
                #expect(try array(tensor) == array(#require(again.parameters[name])), "\(name)")
            }
        }
    }
}
