import BERT
import Planning
import QuestionAnswering
import Torch

/// The training speed of a model on this machine, measured by training a copy of it for some seconds; nothing is
/// written.
package struct Calibration: Sendable {
    /// Seconds of forward and backward passes per token.
    package let secondsPerToken: Double
    /// Seconds of clipping and the optimizer per step.
    package let secondsPerUpdate: Double
    /// Rows that were trained on during the measurement.
    package let rows: Int
    /// Seconds of the measurement.
    package let seconds: Double

    /// Seconds for this many tokens in this many steps.
    package func time(tokens: Int, steps: Int) -> Double {
        Double(tokens) * secondsPerToken + Double(steps) * secondsPerUpdate
    }

    /// Trains on the first rows of the first epoch, batch by batch, until `seconds` are over, but on at least one
    /// batch. The first row is read before the measurement, so that libraries are warmed up.
    ///
    /// - Parameters:
    ///   - loaded: a model loaded for training; its weights are changed.
    ///   - features: the rows of the run, at least one.
    ///   - division: the batches.
    /// - Throws: `TrainingError.computation`.
    package init(
        of loaded: LoadedModel, features: [Feature], division: TrainingPlan.Division, options: TrainingOptions,
        device: Device,
        seconds limit: Double
    ) throws(TrainingError) {
        let order = DataOrder.permutation(count: features.count, seed: options.seed, epoch: 0)
        var sum = (tokens: 0, rows: 0, passes: 0, passSeconds: 0.0, updateSeconds: 0.0)
        do {
            let trial = try Trial(
                loaded: loaded, features: features, checkpointing: division.checkpointing, device: device)
            _ = try trial.pass(order[..<1])
            let clock = ContinuousClock()
            let start = clock.now
            for first in stride(from: 0, to: order.count, by: division.batchSize)
            where sum.passes == 0 || (clock.now - start) / .seconds(1) < limit {
                let chosen = order[first..<min(first + division.batchSize, order.count)]
                let pass = try trial.pass(chosen)
                sum.passes += 1
                sum.rows += chosen.count
                sum.tokens += pass.tokens
                sum.passSeconds += pass.seconds
                sum.updateSeconds += pass.updateSeconds
            }
        } catch {
            throw .computation("calibration: \(error)")
        }
        secondsPerToken = sum.passSeconds / Double(sum.tokens)
        secondsPerUpdate = sum.updateSeconds / Double(sum.passes)
        rows = sum.rows
        seconds = sum.passSeconds + sum.updateSeconds
    }
}

/// Training steps that lead nowhere.
private struct Trial {
    let loaded: LoadedModel
    let features: [Feature]
    let checkpointing: Bool
    let device: Device
    let optimizer: AdamW

    init(loaded: LoadedModel, features: [Feature], checkpointing: Bool, device: Device) throws {
        (self.loaded, self.features, self.checkpointing, self.device) = (loaded, features, checkpointing, device)
        optimizer = try AdamW(parameters: loaded.model.parameters.all, decays: ModelParameters.decays)
    }

    /// One batch, and a step by its gradient.
    func pass(_ numbers: ArraySlice<Int>) throws -> (tokens: Int, seconds: Double, updateSeconds: Double) {
        let clock = ContinuousClock()
        let start = clock.now
        try optimizer.clearGradients()
        let batch = try PackedBatch(
            numbers.map { features[$0] }, keys: numbers.map(Int64.init), tokenizer: loaded.tokenizer,
            config: loaded.model.config, device: device)
        let dropout = DropoutSource(config: loaded.model.config, seed: 0, step: optimizer.step)
        let loss = try loaded.model.loss(
            batch.input, targets: batch.targets, rowDivisor: Double(numbers.count), dropout: dropout,
            checkpointing: checkpointing)
        try loss.backward()
        // Where the device works behind the program's back, this waits for it.
        _ = try loss.item()
        let middle = clock.now
        _ = try optimizer.clipGradients(maxNorm: 1)
        try optimizer.update(learningRate: 1e-5)
        return (batch.tokenCount, (middle - start) / .seconds(1), (clock.now - middle) / .seconds(1))
    }
}
