import BERT
import Torch

/// A number of a training step that is infinite or not a number, and where it arose.
package struct NumericFault: Sendable, Hashable {
    /// What is not finite, as in `the gradient of bert.embeddings.LayerNorm.bias`.
    package let what: String
    /// Whether weights are spoiled, so that no later step can come out right.
    package let isLasting: Bool

    /// A fault made known.
    package init(what: String, isLasting: Bool) {
        (self.what, self.isLasting) = (what, isLasting)
    }

    /// Looks for the first thing that spoils a step; nil if its loss and the norm of its gradients are finite.
    ///
    /// All weights take part in the loss and all gradients in the norm, so that a sound step costs nothing to tell.
    ///
    /// - Parameters:
    ///   - loss: the loss of the rows so far.
    ///   - norm: the joint norm of the gradients; nil if they were not computed.
    package static func find(loss: Double, norm: Double?, in slots: [AdamW.Slot]) throws(TorchError) -> NumericFault? {
        if loss.isFinite, norm?.isFinite ?? true { return nil }
        if let name = try firstNotFinite(slots.map { ($0.name, $0.parameter) }) {
            return NumericFault(what: "the weights \(name)", isLasting: true)
        }
        guard loss.isFinite else { return NumericFault(what: "the loss", isLasting: false) }
        for slot in slots {
            guard let gradient = try slot.parameter.gradient(), try !gradient.allFinite() else { continue }
            return NumericFault(what: "the gradient of \(slot.name)", isLasting: false)
        }
        return NumericFault(what: "the norm of the gradients", isLasting: false)
    }

    /// The name of the first tensor with a number that is not finite.
    package static func firstNotFinite(_ tensors: [(name: String, tensor: Tensor)]) throws(TorchError) -> String? {
        for (name, tensor) in tensors where try !tensor.allFinite() { return name }
        return nil
    }
}
