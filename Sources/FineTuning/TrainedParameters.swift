import BERT
import QuestionAnswering
import Torch

/// Which parameters a run trains, and how fast each.
enum TrainedParameters {
    /// The parameters that are trained. The others stop collecting gradients, so that the backward pass ends above
    /// them.
    ///
    /// - Throws: `TrainingError.options` if the model has fewer layers than are to be frozen.
    static func choose(
        _ options: TrainingOptions, of model: QuestionAnsweringModel
    ) throws(TrainingError) -> [(name: String, tensor: Tensor)] {
        guard let frozen = options.freezeLayers else { return model.parameters.all }
        let count = model.config.layerCount
        guard frozen <= count else {
            throw .options("`freeze_layers` \(frozen): the model has \(count) layers; give at most \(count)")
        }
        var trained: [(name: String, tensor: Tensor)] = []
        for (name, tensor) in model.parameters.all {
            if ModelParameters.depth(name, model.config) > frozen {
                trained.append((name, tensor))
            } else {
                try TrainingError.wrapping(.computation) { try tensor.setRequiresGradient(false) }
            }
        }
        return trained
    }

    /// A parameter's share of the learning rate: 1 in the head and the last layer, times `decay` for each layer below,
    /// and once more for the embeddings.
    ///
    /// - Source: the layer-wise decreasing rate of Sun et al. 2019, arXiv:1905.05583.
    static func rateFactor(_ name: String, of config: EncoderConfig, decay: Double) -> Double {
        let below = max(0, config.layerCount - ModelParameters.depth(name, config))
        return (0..<below).reduce(1) { factor, _ in factor * decay }
    }
}
