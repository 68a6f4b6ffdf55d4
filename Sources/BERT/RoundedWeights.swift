import Torch

/// The weight of a layer's product in the type that it is multiplied in, where that is kept from step to step.
///
/// It is only right between `RoundedWeights.refresh` and the next change of the weights.
final class RoundedWeight {
    /// Nil where the product rounds the weight itself.
    var tensor: Tensor?
}

/// The weights of a model's products in 16 bits, in which they are rounded all at once and not one by one; those of
/// query, key and value lie below each other, so that they are one product.
package final class RoundedWeights {
    private let model: QuestionAnsweringModel
    private let targets: [Tensor]
    private let sources: [Tensor]
    private let layers: [Layer]

    private struct Layer {
        let joined: Tensor
        let attentionOutput: Tensor
        let intermediate: Tensor
        let output: Tensor
    }

    /// Room for the rounded weights of a model that is trained in 16 bits; nil for one in another precision.
    package init?(of model: QuestionAnsweringModel) throws(TorchError) {
        let type: DType
        switch model.precision {
        case .bf16: type = .bfloat16
        case .fp16: type = .float16
        case .fp32, .int8: return nil
        }
        func room(_ shape: [Int]) throws(TorchError) -> Tensor {
            try Tensor.zeros(shape, dtype: type, device: model.parameters.all[0].tensor.device)
        }
        var (targets, sources, layers): ([Tensor], [Tensor], [Layer]) = ([], [], [])
        for layer in model.encoder.layers {
            let (attention, feedForward) = (layer.attention, layer.feedForward)
            let shape = attention.query.weight.shape
            let joined = try room([3 * shape[0], shape[1]])
            for (place, linear) in [attention.query, attention.key, attention.value].enumerated() {
                targets.append(try joined.slice(dim: 0, (place * shape[0])..<((place + 1) * shape[0])))
                sources.append(linear.weight)
            }
            let single = [attention.output, feedForward.intermediate, feedForward.output]
            var copies: [Tensor] = []
            for linear in single {
                copies.append(try room(linear.weight.shape))
                sources.append(linear.weight)
            }
            targets += copies
            layers.append(
                Layer(joined: joined, attentionOutput: copies[0], intermediate: copies[1], output: copies[2]))
        }
        (self.model, self.targets, self.sources, self.layers) = (model, targets, sources, layers)
    }

    /// Rounds all weights, and lets the layers read them inside `body`, which must not change the weights.
    package func refreshed<Result>(_ body: () throws(TorchError) -> Result) throws(TorchError) -> Result {
        try Tensor.assignAll(targets, from: sources)
        set { $0 }
        defer { set { _ in nil } }
        return try body()
    }

    private func set(_ value: (Tensor) -> Tensor?) {
        for (layer, rounded) in zip(model.encoder.layers, layers) {
            layer.attention.joined.tensor = value(rounded.joined)
            layer.attention.output.rounded.tensor = value(rounded.attentionOutput)
            layer.feedForward.intermediate.rounded.tensor = value(rounded.intermediate)
            layer.feedForward.output.rounded.tensor = value(rounded.output)
        }
    }
}
