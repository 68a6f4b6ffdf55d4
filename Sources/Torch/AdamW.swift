import CTorch

/// AdamW with decoupled weight decay, by libtorch's fused kernel.
///
/// - Source: Loshchilov and Hutter 2019, arXiv:1711.05101; the same arithmetic as `torch.optim.AdamW(fused=True)`.
package final class AdamW {
    /// The options of a run.
    package struct Options: Sendable, Hashable {
        /// Decay rate of the first moments.
        package var beta1 = 0.9
        /// Decay rate of the second moments.
        package var beta2 = 0.999
        /// Added to the root of the second moments.
        package var epsilon = 1e-8
        /// Weight decay, for the parameters that `decays` selects.
        package var weightDecay = 0.0

        /// The usual options: betas 0.9 and 0.999, epsilon 1e-8, no decay.
        package init() {}
    }

    /// One parameter with its moments.
    package struct Slot {
        /// The parameter's name.
        package let name: String
        /// The parameter.
        package let parameter: Tensor
        /// The running mean of its gradients.
        package let firstMoment: Tensor
        /// The running mean of its squared gradients.
        package let secondMoment: Tensor
        let decays: Bool
    }

    /// The options.
    package let options: Options
    /// Every parameter with its moments, in the order given.
    package let slots: [Slot]
    /// The number of steps taken. After `update(learningRate:skippingIf:)` it counts those that the device may have
    /// skipped as well, until `settleSkippedSteps`.
    package private(set) var step: Int
    /// How many of these the device has skipped: float32 [], on the parameters' device; nil before the first step that
    /// the device could skip.
    private var skipped: Tensor?

    /// Moments of zero for every parameter.
    ///
    /// - Parameter decays: whether weight decay applies to the parameter of that name.
    package init(
        parameters: [(name: String, tensor: Tensor)], options: Options = Options(),
        decays: (String) -> Bool
    ) throws(TorchError) {
        var slots: [Slot] = []
        for (name, tensor) in parameters {
            slots.append(
                Slot(
                    name: name, parameter: tensor,
                    firstMoment: try Tensor.zeros(tensor.shape, dtype: tensor.dtype, device: tensor.device),
                    secondMoment: try Tensor.zeros(tensor.shape, dtype: tensor.dtype, device: tensor.device),
                    decays: decays(name)))
        }
        self.slots = slots
        self.options = options
        step = 0
    }

    /// Scales all gradients so that their joint 2-norm is at most `maxNorm`; returns the norm before.
    ///
    /// With `maxNorm` 0 it only measures. A norm that is not finite leaves the gradients unchanged.
    package func clipGradients(maxNorm: Double) throws(TorchError) -> Double {
        try clipGradientsDeferred(maxNorm: maxNorm).slice(dim: 0, 0..<1).item()
    }

    /// The same without waiting for the device, which computes the factor of the gradients itself.
    ///
    /// - Returns: the joint norm before, and that of each slot's gradient: [1 + slots], on the parameters' device.
    package func clipGradientsDeferred(maxNorm: Double) throws(TorchError) -> Tensor {
        let handles: [OpaquePointer?] = slots.map(\.parameter.handle)
        return try Tensor.make("clipGradients") { ct_clip_grad_norm(handles, Int32(handles.count), maxNorm, $0) }
    }

    /// One step down the gradients.
    package func update(learningRate: Double) throws(TorchError) {
        try update(learningRate: learningRate, skip: nil)
    }

    /// One step down the gradients, unless the device finds that `skip` is 1: then weights and moments stay unchanged,
    /// and the step does not count in the bias correction of later ones.
    ///
    /// - Parameter skip: `Tensor.notFinite` of the loss and the norm: float32 [], on the parameters' device.
    package func update(learningRate: Double, skippingIf skip: Tensor) throws(TorchError) {
        try update(learningRate: learningRate, skip: skip)
        skipped = if let skipped { try skipped + skip } else { skip }
    }

    /// Waits for the device and subtracts the steps that it skipped from `step`; call it before reading or storing
    /// `step`.
    ///
    /// - Returns: the number of steps skipped since the last call.
    @discardableResult
    package func settleSkippedSteps() throws(TorchError) -> Int {
        guard let skipped else { return 0 }
        let count = Int(try skipped.item())
        step -= count
        self.skipped = nil
        return count
    }

    private func update(learningRate: Double, skip: Tensor?) throws(TorchError) {
        step += 1
        for decays in [true, false] {
            let group = slots.filter { $0.decays == decays }
            let parameters: [OpaquePointer?] = group.map(\.parameter.handle)
            let firsts: [OpaquePointer?] = group.map(\.firstMoment.handle)
            let seconds: [OpaquePointer?] = group.map(\.secondMoment.handle)
            try check(
                ct_adamw_step(
                    parameters, firsts, seconds, Int32(group.count), Int64(step), learningRate, options.beta1,
                    options.beta2, options.epsilon, decays ? options.weightDecay : 0, skip?.handle, skipped?.handle),
                "AdamW.update")
        }
    }

    /// Goes on as if `step` steps had been taken; the moments are the caller's to restore.
    package func resume(atStep step: Int) {
        self.step = step
        skipped = nil
    }

    /// Drops all gradients.
    package func clearGradients() throws(TorchError) {
        for slot in slots {
            try slot.parameter.clearGradient()
        }
    }
}
