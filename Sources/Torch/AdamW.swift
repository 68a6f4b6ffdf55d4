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
        /// What the learning rate of a step is multiplied with for this parameter.
        package let rateFactor: Double
    }

    /// The slots that take one step together.
    private struct Group {
        let rateFactor: Double
        let decays: Bool
        var slots: [Slot] = []

        var handles: (parameters: [OpaquePointer?], firsts: [OpaquePointer?], seconds: [OpaquePointer?]) {
            (slots.map(\.parameter.handle), slots.map(\.firstMoment.handle), slots.map(\.secondMoment.handle))
        }
    }

    /// The options.
    package let options: Options
    /// Every parameter with its moments, in the order given.
    package let slots: [Slot]
    private let groups: [Group]
    /// The number of steps taken. After `update(learningRate:skippingIf:)` it counts those that the device may have
    /// skipped as well, until `settleSkippedSteps`.
    package private(set) var step: Int
    /// How many of these the device has skipped: float32 [], on the parameters' device; nil before the first step that
    /// the device could skip.
    private var skipped: Tensor?
    /// Where a recorded step finds its numbers; nil where no steps are recorded.
    private var placed: PlacedNumbers?

    /// The numbers of a step at one place on the device.
    private struct PlacedNumbers {
        /// The step, then the learning rate of each group: float32 [1 + groups].
        let all: Tensor
        let step: Tensor
        let rates: [Tensor]
        /// float32 []
        let skipped: Tensor
    }

    /// Moments of zero for every parameter.
    ///
    /// - Parameters:
    ///   - rateFactor: what the learning rate is multiplied with for the parameter of that name.
    ///   - decays: whether weight decay applies to the parameter of that name.
    package init(
        parameters: [(name: String, tensor: Tensor)], options: Options = Options(),
        rateFactor: (String) -> Double = { _ in 1 }, decays: (String) -> Bool
    ) throws(TorchError) {
        var slots: [Slot] = []
        for (name, tensor) in parameters {
            slots.append(
                Slot(
                    name: name, parameter: tensor,
                    firstMoment: try Tensor.zeros(tensor.shape, dtype: tensor.dtype, device: tensor.device),
                    secondMoment: try Tensor.zeros(tensor.shape, dtype: tensor.dtype, device: tensor.device),
                    decays: decays(name), rateFactor: rateFactor(name)))
        }
        self.slots = slots
        groups = Self.groups(slots)
        self.options = options
        step = 0
    }

    /// Those with weight decay come first; otherwise the order of the slots counts.
    private static func groups(_ slots: [Slot]) -> [Group] {
        var groups: [Group] = []
        for slot in slots.filter(\.decays) + slots.filter({ !$0.decays }) {
            let place = groups.firstIndex { $0.decays == slot.decays && $0.rateFactor == slot.rateFactor }
            if place == nil { groups.append(Group(rateFactor: slot.rateFactor, decays: slot.decays)) }
            groups[place ?? groups.count - 1].slots.append(slot)
        }
        return groups
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

    /// What `clipGradientsDeferred` would do, left to `updatePlaced`, which reads the gradients anyway.
    ///
    /// - Parameter scale: what the loss was multiplied with, float32 []; nil where it was not.
    /// - Returns: the norms as from `clipGradientsDeferred`, without the scale, and what `updatePlaced` has to divide
    ///   the gradients by.
    package func measureGradients(
        maxNorm: Double, scale: Tensor?
    ) throws(TorchError) -> (norms: Tensor, divisor: Tensor) {
        let handles: [OpaquePointer?] = slots.map(\.parameter.handle)
        var divisor: OpaquePointer?
        let norms = try Tensor.make("measureGradients") { out in
            withUnsafeMutablePointer(to: &divisor) {
                ct_measure_gradients(handles, Int32(handles.count), maxNorm, scale?.handle, out, $0)
            }
        }
        guard let divisor else {
            throw TorchError(
                kind: .failed, operation: "measureGradients", operands: "",
                message: "the call succeeded without a result")
        }
        return (norms, Tensor(owning: divisor))
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
        if placed != nil { try skipped.clear() } else { self.skipped = nil }
        return count
    }

    /// Keeps the numbers of steps at one place on the device from now on, for steps that are recorded as graphs. In
    /// float32 there, they are rounded.
    package func placeNumbers() throws(TorchError) {
        guard let device = slots.first?.parameter.device else { return }
        let all = try Tensor.zeros([1 + groups.count], device: device)
        var rates: [Tensor] = []
        for group in groups.indices { rates.append(try all.slice(dim: 0, (group + 1)..<(group + 2))) }
        let skipped = try Tensor.zeros([], device: device)
        placed = PlacedNumbers(all: all, step: try all.slice(dim: 0, 0..<1), rates: rates, skipped: skipped)
        self.skipped = skipped
    }

    /// Begins a step: puts its numbers where `updatePlaced` reads them.
    package func placeStep(learningRate: Double) throws(TorchError) {
        guard let placed else { preconditionFailure("placeNumbers was not called") }
        step += 1
        let rates = groups.map { Float(learningRate * $0.rateFactor) }
        try placed.all.fill(Tensor.of([Float(step)] + rates))
    }

    /// The step that `placeStep` began, as `update(learningRate:skippingIf:)` takes it: work that can be recorded.
    ///
    /// - Parameter divisor: that of `measureGradients`.
    package func updatePlaced(dividingBy divisor: Tensor, skippingIf skip: Tensor) throws(TorchError) {
        guard let placed else { preconditionFailure("placeNumbers was not called") }
        for (group, rate) in zip(groups, placed.rates) {
            let (parameters, firsts, seconds) = group.handles
            try check(
                ct_adamw_step_by_tensors(
                    parameters, firsts, seconds, Int32(parameters.count), rate.handle, placed.step.handle,
                    options.beta1, options.beta2, options.epsilon, group.decays ? options.weightDecay : 0,
                    divisor.handle, skip.handle, placed.skipped.handle),
                "AdamW.updatePlaced")
        }
        try placed.skipped.accumulate(skip)
    }

    private func update(learningRate: Double, skip: Tensor?) throws(TorchError) {
        step += 1
        for group in groups {
            let (parameters, firsts, seconds) = group.handles
            try check(
                ct_adamw_step(
                    parameters, firsts, seconds, Int32(parameters.count), Int64(step),
                    learningRate * group.rateFactor, options.beta1, options.beta2, options.epsilon,
                    group.decays ? options.weightDecay : 0, skip?.handle, skipped?.handle),
                "AdamW.update")
        }
    }

    /// Goes on as if `step` steps had been taken; the moments are the caller's to restore.
    package func resume(atStep step: Int) {
        precondition(placed == nil, "a run goes on before its numbers are placed")
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
