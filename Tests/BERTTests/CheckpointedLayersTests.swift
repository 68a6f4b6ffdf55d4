import BERT
import Testing
import Torch

/// Layers that are computed again in the backward pass give what layers that were kept give, bit for bit.
@Suite("Checkpointed layers")
struct CheckpointedLayersTests {
    private struct Result: Equatable {
        var loss: UInt64 = 0
        var gradients: [String: [UInt32]] = [:]
    }

    private func model(_ precision: Precision) throws -> QuestionAnsweringModel {
        var config = EncoderConfig()
        (config.vocabSize, config.hiddenSize, config.layerCount) = (50, 48, 3)
        (config.headCount, config.intermediateSize, config.maxPositionEmbeddings) = (4, 96, 64)
        let all = try ModelParameters.shapes(config).enumerated().map { index, parameter in
            let tensor =
                parameter.key.hasSuffix("LayerNorm.weight")
                ? try Tensor.full(parameter.shape, value: 1)
                : try Tensor.normal(parameter.shape, standardDeviation: 0.1, seed: UInt64(index))
            try tensor.setRequiresGradient(true)
            return (name: parameter.key, tensor: tensor)
        }
        return try QuestionAnsweringModel(config: config, parameters: Parameters(all), precision: precision)
    }

    /// Loss and gradients of two batches whose gradients add up.
    private func result(_ precision: Precision, drops: Bool, checkpointing: Bool) throws -> Result {
        let model = try model(precision)
        var result = Result()
        for (step, lengths) in [[31, 7, 20], [12, 40]].enumerated() {
            let tokens = lengths.reduce(0, +)
            let input = try EncoderInput(
                ids: (0..<Int64(tokens)).map { $0 * 17 % 50 }, typeIDs: (0..<Int64(tokens)).map { $0 / 9 % 2 },
                lengths: lengths, rowKeys: lengths.map { Int64(100 * step + $0) })
            let targets = try Tensor.of(
                lengths.flatMap { [Int64($0 / 3), Int64($0 / 2)] }, shape: [lengths.count, 2])
            let dropout = drops ? DropoutSource(config: model.config, seed: 7, step: step) : .none
            let loss = try model.loss(
                input, targets: targets, rowDivisor: Double(lengths.count), dropout: dropout,
                checkpointing: checkpointing)
            result.loss ^= try loss.item().bitPattern
            try loss.backward()
        }
        for (name, tensor) in model.parameters.all {
            let gradient: [Float] = try #require(try tensor.gradient(), "\(name) has no gradient").array()
            result.gradients[name] = gradient.map(\.bitPattern)
        }
        return result
    }

    @Test("loss and all gradients are the same bits", arguments: [Precision.fp32, .bf16], [true, false])
    func parity(precision: Precision, drops: Bool) throws {
        let kept = try result(precision, drops: drops, checkpointing: false)
        let again = try result(precision, drops: drops, checkpointing: true)
        #expect(kept.loss == again.loss)
        for (name, gradient) in kept.gradients {
            #expect(again.gradients[name] == gradient, "\(name)")
            #expect(gradient.contains { $0 != 0 }, "\(name) is all zeros")
        }
    }

    @Test("with dropout the second run draws the masks of the first: other masks would give other gradients")
    func masksMatter() throws {
        let dropped = try result(.fp32, drops: true, checkpointing: true)
        let whole = try result(.fp32, drops: false, checkpointing: true)
        #expect(dropped.gradients != whole.gradients)
    }
}
