import CTorch

/// What the loss is multiplied with before its gradients are computed, so that they do not vanish in float16, and
/// divided by afterwards. It adapts itself: a step that is not finite halves it, 2,000 others in a row double it.
///
/// Everything stays on the device. The rule and its numbers are those of `torch.amp.GradScaler`.
package final class LossScale {
    /// Where the scale is.
    package struct State: Sendable, Hashable {
        /// The factor, a power of two.
        package var scale: Double
        /// Steps in a row that were finite.
        package var soundSteps: Int

        /// A scale and how long it has been right.
        package init(scale: Double = 65_536, soundSteps: Int = 0) {
            (self.scale, self.soundSteps) = (scale, soundSteps)
        }
    }

    /// The factor, float32 [].
    package let scale: Tensor
    private let soundSteps: Tensor
    private let interval: Int

    /// The scale at the beginning of a run.
    ///
    /// - Parameter interval: finite steps in a row after which the scale is doubled.
    package init(device: Device, interval: Int = 2000) throws(TorchError) {
        scale = try Tensor.full([], value: State().scale, device: device)
        soundSteps = try Tensor.zeros([], dtype: .int32, device: device)
        self.interval = interval
    }

    /// The loss to compute gradients of.
    package func scaled(_ loss: Tensor) throws(TorchError) -> Tensor { try loss * scale }

    /// Divides the gradients of these parameters.
    package func unscale(_ parameters: [Tensor]) throws(TorchError) {
        let handles: [OpaquePointer?] = parameters.map(\.handle)
        try check(ct_unscale_gradients(handles, Int32(handles.count), scale.handle), "LossScale.unscale")
    }

    /// Adapts the scale to a step.
    ///
    /// - Parameter skipped: 1 if the step was not finite, else 0: float32 [].
    package func update(skipped: Tensor) throws(TorchError) {
        try check(
            ct_update_scale(scale.handle, soundSteps.handle, skipped.handle, 2, 0.5, Int64(interval)),
            "LossScale.update")
    }

    /// Where the scale is now, which waits for the device.
    package func state() throws(TorchError) -> State {
        State(scale: try scale.item(), soundSteps: Int(try soundSteps.item()))
    }

    /// Goes on from where a scale was.
    package func resume(_ state: State) throws(TorchError) {
        try scale.assign(Tensor.full([], value: state.scale))
        try soundSteps.assign(Tensor.full([], value: Double(state.soundSteps), dtype: .int32))
    }
}
