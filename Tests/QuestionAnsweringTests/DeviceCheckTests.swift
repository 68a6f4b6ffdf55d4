import BERT
import QuestionAnswering
import Testing
import Torch
import Tokenizers

/// The device is played by models on the CPU whose weights are a little, or quite, other ones, or by numbers that are
/// made up.
@Suite("The check of a device against the CPU")
struct DeviceCheckTests {
    private struct Sides {
        let check: DeviceCheck
        let model: QuestionAnsweringModel
        let expected: DeviceCheck.Outputs
    }

    private func sides(training: Bool = false) throws -> Sides {
        let tokenizer = try smallTokenizer()
        let model = try changed(smallModel(vocabulary: tokenizer.vocabulary.count), by: 0, training: training)
        let check = DeviceCheck(tokenizer: tokenizer, positions: model.config.maxPositionEmbeddings)
        return Sides(
            check: check, model: model, expected: try check.outputs(of: model, on: .cpu, training: training))
    }

    /// The model with noise of that size added to each of its weights.
    private func changed(
        _ model: QuestionAnsweringModel, by size: Double, training: Bool = false, precision: Precision = .fp32
    ) throws -> QuestionAnsweringModel {
        let parameters = try model.parameters.all.enumerated().map { index, parameter in
            let noise = try Tensor.normal(parameter.tensor.shape, standardDeviation: 1, seed: UInt64(900 + index))
            let tensor = try withoutGradients { try parameter.tensor + noise * size }.clone()
            if training { try tensor.setRequiresGradient(true) }
            return (name: parameter.name, tensor: tensor)
        }
        return try QuestionAnsweringModel(
            config: model.config, parameters: Parameters(parameters), precision: precision)
    }

    private func compare(_ outputs: DeviceCheck.Outputs, _ sides: Sides, _ precision: Precision = .fp32) throws
        -> String?
    {
        try DeviceCheck.compare(outputs, with: sides.expected, precision: precision, device: "cuda")
    }

    private func refusal(
        _ outputs: DeviceCheck.Outputs, _ sides: Sides, _ precision: Precision = .fp32
    ) throws -> String {
        let error = #expect(throws: ReaderError.self) { try compare(outputs, sides, precision) }
        return try #require(error).description
    }

    @Test("the same computation passes, alone, in a batch and in training, and leaves no gradients")
    func passes() throws {
        for training in [false, true] {
            let sides = try sides(training: training)
            #expect(sides.expected.together.map(\.count) == sides.expected.alone.map(\.count))
            #expect(Set(sides.expected.alone.map(\.count)).count >= 4)
            let outputs = try sides.check.outputs(of: sides.model, on: .cpu, training: training)
            #expect(try compare(outputs, sides) == nil)
            #expect((outputs.training != nil) == training)
            for (name, parameter) in sides.model.parameters.all {
                #expect(try parameter.gradient() == nil, "\(name)")
            }
        }
    }

    @Test("what rounding to bfloat16 does is within the limits of bf16, and would be refused or told in fp32")
    func bf16() throws {
        let sides = try sides()
        let model = try changed(sides.model, by: 0, precision: .bf16)
        let outputs = try sides.check.outputs(of: model, on: .cpu, training: false)
        #expect(try compare(outputs, sides, .bf16) == nil)
        #expect(try compare(outputs, sides, .fp32)?.contains("more than the 0.1 per cent") == true)
    }

    @Test("differences beyond the usual are told, and those beyond rounding are refused with a way out")
    func differences() throws {
        let sides = try sides()
        let near = try sides.check.outputs(of: changed(sides.model, by: 3e-4), on: .cpu, training: false)
        let warning = try #require(try compare(near, sides))
        #expect(warning.contains("cuda") && warning.contains("logits of single rows") && warning.contains("fp32"))
        let far = try sides.check.outputs(of: changed(sides.model, by: 0.1), on: .cpu, training: false)
        let message = try refusal(far, sides)
        for words in ["cuda", "`device` cpu", "`skip_device_check`", "per cent"] { #expect(message.contains(words)) }
        _ = try refusal(far, sides, .bf16)
    }

    @Test("a device that is wrong only in batches is refused for its batches")
    func batches() throws {
        let sides = try sides()
        var outputs = sides.expected
        outputs.together[2].swapAt(0, 9)
        let message = try refusal(outputs, sides)
        #expect(message.contains("rows in a batch") && !message.contains("single rows"))
    }

    @Test("numbers that are not finite are refused in any precision", arguments: [Float.nan, .infinity])
    func notFinite(_ number: Float) throws {
        let sides = try sides()
        var outputs = sides.expected
        outputs.alone[0][3] = number
        #expect(try refusal(outputs, sides, .bf16).contains("not finite"))
    }

    @Test("a loss or gradients that differ are refused by name, though the logits are right")
    func training() throws {
        let sides = try sides(training: true)
        let right = try #require(sides.expected.training)
        #expect(right.loss > 0 && right.gradientNorm > 0)
        var outputs = sides.expected
        outputs.training = (right.loss, 2 * right.gradientNorm)
        let message = try refusal(outputs, sides)
        #expect(message.contains("the gradients' norm") && !message.contains("the loss"))
        outputs.training = (1.3 * right.loss, right.gradientNorm)
        #expect(try refusal(outputs, sides, .bf16).contains("the loss"))
        outputs.training = (right.loss, .nan)
        #expect(try refusal(outputs, sides).contains("not finite"))
    }

    @Test("the rows are the same ones each time, and fit a model of few positions")
    func rows() throws {
        let tokenizer = try smallTokenizer()
        let model = try smallModel(vocabulary: tokenizer.vocabulary.count, positions: 12)
        let outputs = try (0..<2).map { _ in
            try DeviceCheck(tokenizer: tokenizer, positions: 12).outputs(of: model, on: .cpu, training: false)
        }
        #expect(outputs[0] == outputs[1])
        #expect(outputs[0].alone.allSatisfy { $0.count <= 24 })
    }
}
