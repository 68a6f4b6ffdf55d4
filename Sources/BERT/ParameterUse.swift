import Torch

/// What the parameters of a loaded model are for.
package enum ParameterUse: Sendable, Hashable {
    /// Answering. Where matrix products want another type or layout (`PackedWeight`, `QuantizedWeight`), layers keep
    /// copies.
    case inference
    /// Training: float32 in memory of their own, recording gradients.
    case training

    /// Whether linear layers keep weights in the products' layout.
    func packs(_ precision: Precision, on device: Device) -> Bool {
        // Not in float32, which it would make 5 per cent faster: a training's own validation, whose weights change,
        // would differ from a later one in the last bits.
        self == .inference && precision == .bf16 && device == .cpu && PackedWeight.isAvailable
    }
}
