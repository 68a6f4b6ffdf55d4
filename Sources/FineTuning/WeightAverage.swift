import Torch

/// The mean of the weights after each of a run's last steps. It is validated and kept instead of the weights
/// themselves, which are trained as if there were no mean.
///
/// - Source: tail averaging, as in Izmailov et al. 2018, arXiv:1803.05407, with every step counted.
final class WeightAverage {
    /// The share of the run's steps that are averaged over.
    private let share: Double
    private let parameters: [(name: String, tensor: Tensor)]
    /// The means under the names of the parameters; only what was trained has one.
    let means: [(name: String, tensor: Tensor)]

    /// Nil if the options want no average.
    ///
    /// - Parameter optimizer: that of the run, which has the parameters that are trained.
    init?(_ options: TrainingOptions, of optimizer: AdamW) throws(TrainingError) {
        guard options.average > 0 else { return nil }
        share = options.average
        parameters = optimizer.slots.map { ($0.name, $0.parameter) }
        means = try TrainingError.wrapping(.computation) {
            try optimizer.slots.map { ($0.name, try $0.parameter.clone()) }
        }
    }

    /// The steps before the first that counts.
    private func stepsBefore(_ total: Int) -> Int { total - Int((share * Double(total)).rounded(.up)) }

    /// Whether there is a mean after `step` of `total` steps.
    func hasBegun(step: Int, of total: Int) -> Bool { step > stepsBefore(total) }

    /// Adds the weights after `step` of `total` steps, without waiting for the device.
    func add(step: Int, of total: Int) throws(TorchError) {
        guard hasBegun(step: step, of: total) else { return }
        try Tensor.average(
            means.map(\.tensor), with: parameters.map(\.tensor), weight: 1 / Double(step - stepsBefore(total)))
    }

    /// Runs `body` with the means in place of the weights.
    func inPlace<Result>(_ body: () throws -> Result) throws -> Result {
        try exchange()
        let result = Swift.Result { try body() }
        try exchange()
        return try result.get()
    }

    private func exchange() throws(TorchError) {
        for (parameter, mean) in zip(parameters, means) {
            let weights = try parameter.tensor.clone()
            try parameter.tensor.assign(mean.tensor)
            try mean.tensor.assign(weights)
        }
    }
}
