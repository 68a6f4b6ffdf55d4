import CTorch
import Testing
import Torch

import BERT

/// How many tensors a layer makes, which is how many operations it starts: a guard against work that creeps in.
@Suite("Operations of a layer", .serialized)
struct OperationCountTests {
    private func made(layers: Int, precision: Precision, training: Bool) throws -> Int64 {
        var config = EncoderConfig()
        (config.vocabSize, config.hiddenSize, config.layerCount) = (30, 32, layers)
        (config.headCount, config.intermediateSize, config.maxPositionEmbeddings) = (2, 64, 64)
        let all = try ModelParameters.shapes(config).map { parameter in
            let tensor = try Tensor.normal(parameter.shape, standardDeviation: 0.1, seed: 1)
            try tensor.setRequiresGradient(training)
            return (name: parameter.key, tensor: tensor)
        }
        let model = try QuestionAnsweringModel(config: config, parameters: Parameters(all), precision: precision)
        let ids = [Int64](repeating: 5, count: 32)
        let input = try EncoderInput(ids: ids, typeIDs: ids.map { _ in 0 }, lengths: [20, 12])
        let before = ct_tensor_made_count()
        let dropout = training ? DropoutSource(config: config, seed: 1, step: 1) : .none
        _ = training ? try model(input, dropout: dropout) : try withoutGradients { try model(input) }
        return ct_tensor_made_count() - before
    }

    @Test(
        "a layer starts no more operations than it needs", arguments: [Precision.fp32, .bf16], [true, false])
    func layer(precision: Precision, training: Bool) throws {
        // Tests beside this one make tensors too, so the least of several counts is the model's own.
        let least = try [1, 2].map { layers in
            try (0..<20).map { _ in try made(layers: layers, precision: precision, training: training) }.min() ?? 0
        }
        // Four products and attention, three of the feed-forward part, two norms; with bfloat16 their rounded copies
        // and that of what attention gives, which is the same tensor.
        #expect(least[1] - least[0] == (precision == .bf16 ? 12 : 10))
    }
}
